import { CancellationScope } from '@temporalio/workflow';
import { type KeptReport } from '../domain/asides';
import { type Report } from '../domain/receipts';
import { type Outcome } from '../domain/runbook';
import { keepReport } from './asides';
import { causeOf, isJudgeable, type Cause } from './failures';
import { type CutoverRun } from './run';

/** Ends the run's account: its report is kept and its end is told, and neither keeps it from ending. */
export async function closeRun(run: CutoverRun, outcome: Outcome, cause: Cause | null): Promise<Report> {
  return CancellationScope.nonCancellable(async () => {
    const report = run.close(outcome, cause);
    const kept = await keptReport(run, report);
    const told = cause === null ? {} : { cause };
    run.herald.tell('ended', { outcome, ...told, report: kept });
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
