import { type Context } from '@temporalio/activity';
import { COMMITTED_SIGNAL, type CommitWord } from '../domain/commit-word';
import { type StepContext, type StepLog } from './step';

type TellRun = NonNullable<StepContext['tellCommitted']>;

/**
 * Tells the run by a Signal, over the worker's own connection. Whoever has it said with each beat is followed until Temporal took it
 * once. Nobody waits for it: without it the run learns of the commit when its step ends.
 *
 * The latest run of the workflow is told, not the one that began the step: after a reset that is the one that goes on.
 */
export function runTeller(context: Context, log: StepLog): TellRun {
  let isTold = false;
  return (word) => {
    if (isTold) return;
    isTold = true;
    signalRun(context, word).catch((error: unknown) => {
      isTold = false;
      log.warn({ ...word, reason: String(error) }, 'run not told of the commit yet');
    });
  };
}

/** Also for a step that is cancelled: after the commit it does not hear that, and neither may its news. */
async function signalRun({ client, info }: Context, word: CommitWord): Promise<void> {
  const run = client.workflow.getHandle(info.workflowExecution?.workflowId ?? '');
  await client.withAbortSignal(new AbortController().signal, () => run.signal(COMMITTED_SIGNAL, word));
}
