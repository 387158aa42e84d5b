import { setHandler } from '@temporalio/workflow';
import { judgeCancelNote } from '../domain/cancel-note';
import { asCutoverFault } from '../domain/faults';
import { cancelNoteSignal } from './messages';
import { now, type CutoverRun } from './run';

/** Keeps who asked to cancel, and why. The request itself comes apart from it, and counts with or without a note. */
export function listenForCancelNotes(run: CutoverRun): void {
  setHandler(
    cancelNoteSignal,
    (message) => {
      try {
        run.noteCancel(judgeCancelNote(message, now()));
      } catch (error) {
        // An exception in a signal handler would end the workflow without its undo.
        run.ignore(asCutoverFault(error).message);
      }
    },
    {
      description:
        'Who asks to cancel, and why: send it before you request the cancellation. Input: {"by":"your name","note":"why"}',
    },
  );
}
