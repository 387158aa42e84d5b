import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  sleep,
} from '@temporalio/workflow';
import { cutoverPage, nextEvidenceMs } from '../../domain/evidence/cutover-page';
import { type FaultCode } from '../../domain/faults';
import { type Page } from '../../domain/page/page';
import { type MetricsReceipt, type SwitchoverReceipt } from '../../domain/receipts';
import { type CommittedAttempt } from '../../domain/steps';
import { type Cutover } from '../cutover';
import { causeOf, isJudgeable } from '../failures';
import { type Verdict } from '../gates';
import { type Unproven } from '../run';
import { steps } from '../steps';
import { assertApproved } from './approval';
import { assertParity } from './prepare';

/** Only after the commit is known: no claim has to find out. */
const FENCE_UNPROVEN = 'FENCE_UNPROVEN' satisfies FaultCode;

/** @returns null for every other failure of the step */
export function unprovenOf(error: unknown): Unproven | null {
  const { code, message } = causeOf(error);
  if (code !== FENCE_UNPROVEN) return null;
  const failure = error instanceof ActivityFailure ? error.cause : undefined;
  const details = failure instanceof ApplicationFailure ? failure.details?.[0] : undefined;
  const { attempt, epoch } = (details ?? {}) as Partial<CommittedAttempt>;
  return attempt === undefined || epoch === undefined
    ? { why: message }
    : { why: message, committed: { attempt, epoch } };
}

/**
 * Asks at gate `cutover` and moves the writes; asks again when no attempt reached its commit. Returns after the commit and
 * throws for whatever else ends the run; then the undo stack begins with the claim that says whether it is too late.
 */
export async function switchOver(cutover: Cutover): Promise<void> {
  const { run, saga } = cutover;
  for (let earlier: string | null = null; ;) {
    await approveCutover(cutover, earlier);
    const mark = saga.mark;
    await run.inPhase('jobs', () => {
      saga.register('jobs', () => steps.resumeJobs(run.stepInput));
      return steps.pauseJobs(run.stepInput);
    });
    await run.inPhase('samples', async () => {
      await steps.sampleBlue(run.stepInput);
      run.receipts.metrics = { ...run.receipts.metrics, before: await readMetrics(cutover) };
    });
    earlier = await run.inPhase('switchover', () => attempt(cutover));
    if (earlier === null) return;
    // Blue serves. What the attempts needed is taken back, so that a gate that stays open for days holds up nobody's jobs.
    if ((await saga.unwind(mark)) === 'committed') return;
  }
}

/** Green follows blue for as long as the person thinks, and the evidence does not grow old meanwhile. */
async function approveCutover(cutover: Cutover, earlier: string | null): Promise<void> {
  const { run, gates } = cutover;
  const { plan } = run;
  await run.inPhase('cutover', async () => {
    const evidence = await gatherEvidence(cutover);
    const timeoutMs = plan.gates.cutoverTimeoutMs;
    const again =
      earlier === null ? '' : `No attempt reached its commit, and blue serves. The last one ended so: ${earlier}\n\n`;
    const verdict = await besideSync(cutover, (until) =>
      gates.ask({
        gate: 'cutover',
        why: `${again}Read the evidence. \`approve\` moves the writes to green at once; the commit has no way back.`,
        evidence,
        timeoutMs,
        ifNobody: 'the run is undone; blue goes on serving.',
        until,
      }),
    );
    assertApproved('cutover', verdict, timeoutMs);
  });
}

/** @throws CutoverFault PARITY_DIFFERS */
async function gatherEvidence({ run }: Cutover): Promise<Page> {
  const evidence = await steps.gatherEvidence(run.stepInput);
  run.addEvidence(evidence);
  assertParity('cutover', evidence.parity);
  return cutoverPage(evidence, run.plan, run.known);
}

/** Syncs, and gathers the evidence anew from time to time, one after the other: two syncers must not overlap. */
async function follow(cutover: Cutover): Promise<never> {
  const { run, gates } = cutover;
  for (;;) {
    const forMs = nextEvidenceMs(run.receipts.evidence, run.known, run.plan.gates);
    run.addSync(await steps.keepInSync({ ...run.stepInput, forMs }));
    try {
      gates.renew(await gatherEvidence(cutover));
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      // What keeps it from being gathered may pass; what does not ends the sync, too.
      log.warn('evidence not gathered anew', { cutoverId: run.cutoverId, phase: run.phase });
    }
  }
}

/** @throws what ended the sync while the question was open */
async function besideSync(cutover: Cutover, ask: (until: () => boolean) => Promise<Verdict>): Promise<Verdict> {
  const scope = new CancellationScope({ cancellable: true });
  let failure: Error | undefined;
  const syncing = scope
    .run(() => follow(cutover))
    .catch((error: Error) => {
      failure = error;
    });
  let verdict: Verdict;
  try {
    verdict = await ask(() => failure !== undefined);
    // Behind a decision, or the deadline, its end is only the answer to the cancellation.
    if (verdict === undefined && failure !== undefined) throw failure;
  } finally {
    scope.cancel();
    // Two syncers must not overlap, and neither may the undo: it has stopped before anything else begins.
    await syncing;
  }
  return verdict;
}

/** @returns null after the commit, else why the last attempt was given up */
async function attempt(cutover: Cutover): Promise<string | null> {
  const { run, saga } = cutover;
  const { attempts, retryDelayMs } = run.plan.switchover;
  saga.registerClaim('switchover', () => steps.abandonSwitchover(run.stepInput));
  for (let tried = 1; ; tried++) {
    const receipt = await attemptOnce(cutover);
    if (receipt === 'unproven') return null;
    keep(cutover, receipt);
    if (receipt.outcome === 'committed') return null;
    log.warn('switchover given up before its commit', { cutoverId: run.cutoverId, attempt: tried });
    if (tried >= attempts) return receipt.reason;
    await sleep(retryDelayMs, { summary: 'before the next attempt' });
  }
}

/** @returns `unproven` after a commit where a person has to say how green opens: nothing is undone any more */
async function attemptOnce({ run, saga }: Cutover): Promise<SwitchoverReceipt | 'unproven'> {
  try {
    return await steps.switchover(run.stepInput);
  } catch (error) {
    const unproven = unprovenOf(error);
    if (unproven === null) throw error;
    run.commit();
    run.unproven = unproven;
    saga.clear();
    return 'unproven';
  }
}

/** Keeps a receipt; after the commit there is nothing to undo. */
export function keep({ run, saga }: Cutover, receipt: SwitchoverReceipt): void {
  run.receipts.switchovers = [...run.receipts.switchovers, receipt];
  if (receipt.outcome !== 'committed') return;
  run.commit();
  saga.clear();
  run.addSync(receipt.lastRound);
}

/** For the report alone: a Hydra that does not tell its metrics stops nobody. */
export async function readMetrics({ run }: Cutover): Promise<MetricsReceipt | null> {
  try {
    return await steps.readMetrics(run.stepInput);
  } catch (error) {
    if (isCancellation(error) || !isJudgeable(error) || !(error instanceof ActivityFailure)) throw error;
    log.warn('metrics not read', { cutoverId: run.cutoverId, phase: run.phase });
    return null;
  }
}
