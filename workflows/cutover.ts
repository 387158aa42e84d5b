import { CancellationScope } from '@temporalio/workflow';
import { listenForBrakes } from './brakes';
import { listenForCancelNotes } from './cancel-notes';
import { listenForCommit } from './commits';
import { Gates } from './gates';
import { type CutoverRun } from './run';
import { Saga } from './saga';

/** What the phases share. */
export class Cutover {
  readonly gates: Gates;
  readonly saga: Saga;
  /** Somebody asked to cancel. Before the commit Temporal unwinds the run by itself; behind it a person is asked. */
  cancelRequested = false;
  cancelAnswered = false;
  private interrupt: (() => void) | undefined;

  constructor(readonly run: CutoverRun) {
    this.gates = new Gates(run);
    listenForBrakes(run);
    listenForCancelNotes(run);
    listenForCommit(run);
    this.saga = new Saga(run, this.gates);
    CancellationScope.current().cancelRequested.catch(() => {
      this.cancelRequested = true;
      this.interrupt?.();
    });
  }

  /** Runs `work` so that a cancel request stops it, also where the run itself is shielded. */
  async interruptible<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope({ cancellable: true });
    this.interrupt = () => scope.cancel();
    try {
      return await scope.run(work);
    } finally {
      this.interrupt = undefined;
    }
  }
}
