import { type Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import { COMMITTED_SIGNAL, type CommitWord } from '../domain/commit-word';
import { type StepContext, type StepLog } from './step';

type TellRun = NonNullable<StepContext['tellCommitted']>;

/**
 * Tells the run by a Signal, over the worker's own connection. Whoever has it said with each beat is followed until Temporal took it
 * once, or said that the run is over. Nobody waits for it: without it the run learns of the commit when its step ends.
 *
 * The latest run of the workflow is told, not the one that began the step: after a reset that is the one that goes on.
 */
export function runTeller(context: Context, log: StepLog): TellRun {
  /** Also while it is being sent. */
  let isOver = false;
  let isWarned = false;
  return (word) => {
    if (isOver) return;
    isOver = true;
    signalRun(context, word).catch((error: unknown) => {
      // A run that has ended hears nothing any more, however often it is told.
      isOver = error instanceof WorkflowNotFoundError;
      // Once: with each beat the log would hold nothing else while Temporal is away.
      if (isOver) log.warn({ ...word, reason: String(error) }, 'no run is there to be told of the commit');
      else if (!isWarned) log.warn({ ...word, reason: String(error) }, 'run not told of the commit yet');
      isWarned = true;
    });
  };
}

/** Also for a step that is cancelled: after the commit it does not hear that, and neither may its news. */
async function signalRun({ client, info }: Context, word: CommitWord): Promise<void> {
  const run = client.workflow.getHandle(info.workflowExecution?.workflowId ?? '');
  await client.withAbortSignal(new AbortController().signal, () => run.signal(COMMITTED_SIGNAL, word));
}
