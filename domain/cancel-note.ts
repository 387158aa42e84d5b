import { CutoverFault } from './faults';
import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX } from './runbook';
import { isJsonObject } from './json';

/** Argument of the Signal `cancelNote`, sent right before a request to cancel: Temporal hands a workflow the request alone. */
export interface CancelMessage {
  /** A claim. */
  readonly by: string;
  readonly note?: string;
}

/** Who asked for the end of a run, and why. */
export interface CancelNote extends CancelMessage {
  /** ISO 8601. */
  readonly at: string;
}

export const CANCEL_NOTE_SIGNAL = 'cancelNote';

/** Judges a message as it came over the wire. @throws CutoverFault DECISION_INVALID */
export function judgeCancelNote(raw: unknown, at: string): CancelNote {
  const { by, note } = isJsonObject(raw) ? raw : {};
  const isName = typeof by === 'string' && by.trim() !== '' && by.length <= NAME_LENGTH_MAX;
  const isNote = note === undefined || note === null || (typeof note === 'string' && note.length <= NOTE_LENGTH_MAX);
  if (!isName || !isNote) {
    throw new CutoverFault(
      'DECISION_INVALID',
      `a note with a request to cancel needs "by" of 1 to ${NAME_LENGTH_MAX} characters, and may have a "note" of at most ${NOTE_LENGTH_MAX}; the request itself counts without it`,
    );
  }
  return { by, at, ...(typeof note === 'string' ? { note } : {}) };
}
