import { CutoverFault } from './faults';
import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX, type BrakeState } from './runbook';

/** Argument of the Update `brake` and of the Signal `brakeSignal`. What it leaves out stays as it is. */
export interface BrakeMessage {
  readonly paused?: boolean;
  readonly rowsPerSecond?: number | null;
  readonly by: string;
  readonly note?: string;
}

/** How loaded blue is. Null: cannot be seen there. */
export interface SourceLoad {
  /** Of the replica that is furthest behind. */
  readonly replicationLagMs: number | null;
  /** Sessions of others that run a statement. */
  readonly activeSessions: number | null;
  /** How long a look at one row took. */
  readonly probeMs: number;
}

/** At more than this the reading of blue slows down by itself; null: not looked at. */
export interface BrakeSettings {
  readonly rowsPerSecond: number | null;
  readonly replicationLagMsMax: number | null;
  readonly activeSessionsMax: number | null;
  readonly probeMsMax: number | null;
}

export const BRAKE_UPDATE = 'brake';
export const BRAKE_SIGNAL = 'brakeSignal';
export const BRAKE_QUERY = 'brake';

const EXAMPLE = '{"paused":true,"by":"you@example.org"}';

/**
 * Judges a message as it came over the wire.
 *
 * @throws CutoverFault DECISION_INVALID; the message is what the person reads
 */
export function applyBrake(raw: unknown, before: BrakeState | null, at: string): BrakeState {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalid(`the message is no object; send for example ${EXAMPLE}`);
  }
  const { paused, rowsPerSecond, by, note } = raw as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  if (typeof by !== 'string' || by.trim() === '' || by.length > NAME_LENGTH_MAX) {
    problems.push(`"by" must say who asks for it, in ${NAME_LENGTH_MAX} characters at most`);
  }
  if (paused !== undefined && typeof paused !== 'boolean') problems.push('"paused" must be true or false');
  if (rowsPerSecond !== undefined && rowsPerSecond !== null && !isRate(rowsPerSecond)) {
    problems.push('"rowsPerSecond" must be a whole number of at least 1, or null for no limit');
  }
  if (paused === undefined && rowsPerSecond === undefined)
    problems.push('neither "paused" nor "rowsPerSecond" is there');
  if (note !== undefined && note !== null && (typeof note !== 'string' || note.length > NOTE_LENGTH_MAX)) {
    problems.push(`"note" must be text of ${NOTE_LENGTH_MAX} characters at most`);
  }
  if (problems.length > 0 || typeof by !== 'string')
    throw invalid(`${problems.join('; ')}; send for example ${EXAMPLE}`);
  return {
    paused: typeof paused === 'boolean' ? paused : (before?.paused ?? false),
    rowsPerSecond: rowsPerSecond === undefined ? (before?.rowsPerSecond ?? null) : (rowsPerSecond as number | null),
    by: by.trim(),
    ...(typeof note === 'string' && note.trim() !== '' ? { note: note.trim() } : {}),
    at,
  };
}

/** @returns why blue should be left alone for a moment; null: it has room */
export function overload(load: SourceLoad, settings: BrakeSettings): string | null {
  const reasons = [
    over('a replica of blue is behind by', load.replicationLagMs, settings.replicationLagMsMax, ' ms'),
    over('active sessions on blue:', load.activeSessions, settings.activeSessionsMax, ''),
    over('a look at one row of blue took', load.probeMs, settings.probeMsMax, ' ms'),
  ].filter((reason) => reason !== null);
  return reasons.length === 0 ? null : reasons.join('; ');
}

function over(what: string, observed: number | null, allowed: number | null, unit: string): string | null {
  if (observed === null || allowed === null || observed <= allowed) return null;
  return `${what} ${Math.round(observed)}${unit} (allowed ${allowed})`;
}

function isRate(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function invalid(message: string): CutoverFault {
  return new CutoverFault('DECISION_INVALID', message);
}
