import { CancellationScope, patched, sleep } from '@temporalio/workflow';
import { type KeptReport } from '../domain/asides';
import { type Report } from '../domain/receipts';
import { type Outcome } from '../domain/runbook';
import { keepReport } from './asides';
import { causeOf, isJudgeable, type Cause } from './failures';
import { type CutoverRun } from './run';

const TOLD_SOON = 'an end is told beside its report';
/** What the news of an end wait for the name of its report: a folder that hangs must not keep it from people. */
const NAMED_WITHIN = '1 second';

/** Ends the run's account: its report is kept and its end is told, and neither keeps it from ending. */
export async function closeRun(run: CutoverRun, outcome: Outcome, cause: Cause | null): Promise<Report> {
  return CancellationScope.nonCancellable(async () => {
    const report = run.close(outcome, cause);
    const told = { outcome, ...(cause === null ? {} : { cause }) };
    if (!patched(TOLD_SOON)) {
      const kept = await keptReport(run, report);
      run.herald.tell('ended', { ...told, report: kept });
      await run.herald.settle();
      return run.keep(kept);
    }
    const keeping = keptReport(run, report);
    // The end of the run takes the timer with it. Nobody cancels it: the time-skipping server loses a run whose timer fires in the very
    // task that cancels it.
    const late = sleep(NAMED_WITHIN, { summary: 'the name of the report' }).then(() => undefined);
    const named = await Promise.race([keeping, late]);
    run.herald.tell('ended', { ...told, ...(named === undefined ? {} : { report: named }) });
    const kept = await keeping;
    await run.herald.settle();
    return run.keep(kept);
  });
}

async function keptReport({ environment }: CutoverRun, report: Report): Promise<KeptReport> {
  try {
    return await keepReport({ environment, report });
  } catch (error) {
    if (!isJudgeable(error)) throw error;
    return { kept: 'nowhere', why: causeOf(error).message };
  }
}
