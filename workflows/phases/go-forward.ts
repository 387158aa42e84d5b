import { ActivityFailure, isCancellation, log, patched } from '@temporalio/workflow';
import { finalizePage } from '../../domain/evidence/finalize-page';
import { intervenePage, type InterveneKnown } from '../../domain/evidence/intervene-page';
import { unexplained } from '../../domain/evidence/unexplained';
import { type Page } from '../../domain/page/page';
import { type Decision, type Phase } from '../../domain/runbook';
import { maySkip } from '../../domain/runbooks/skips';
import { type SwitchoverInput } from '../../domain/steps';
import { type Cutover } from '../cutover';
import { causeOf, isJudgeable } from '../failures';
import { intervene, type Intervention } from '../gates';
import { patientSwitchover, steps } from '../steps';
import { keep, readMetrics, unprovenOf } from './switch-over';

/** After the commit: forward only, shielded, and a person is asked about everything that is not as it should be. */
export async function goForward(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  const { receipts, stepInput } = run;
  await finishSwitchover(cutover);
  await insist(cutover, 'drain', async () => {
    const drain = (receipts.drain = await steps.proveDrain(stepInput));
    if (drain.missing === 0 && drain.undoneChanges === 0) return null;
    return `${drain.missing} of ${drain.captured} revocations are not in green's ledger and ${drain.undoneChanges} changes are not carried (allowed 0)`;
  });
  await insist(cutover, 'stopBlue', async () => {
    const looked = await steps.stopBlue(stepInput);
    if (looked) receipts.stopBlue = looked;
    return null;
  });
  await insist(cutover, 'validate', async () => {
    const { ok, checks } = (receipts.validation = await steps.validate(stepInput));
    const failed = checks.filter((check) => !check.ok).map(({ name, observed }) => `${name}: ${observed}`);
    return ok ? null : `green's answers are not as they should be: ${failed.join('; ')}`;
  });
  await insist(cutover, 'bake', async () => {
    const { verdict, problems } = (receipts.bake = await cutover.interruptible(() => steps.bake(stepInput)));
    // One that saw too little is no alarm; gate `finalize` asks then in any case, with the reason.
    return verdict === 'bad' ? `the bake is bad: ${problems.join('; ')}` : null;
  });
  await run.inPhase('bake', async () => {
    receipts.metrics = { ...receipts.metrics, after: await readMetrics(cutover) };
  });
  await acceptGreen(cutover);
  await resumeJobs(cutover);
  if (run.plan.extendLifetimes) {
    // Apart from the rest: what is skipped here must not leave the capture behind.
    await insist(cutover, 'cleanUp', async () => {
      await steps.restoreLifetimes(stepInput);
      return null;
    });
  }
  await insist(cutover, 'cleanUp', async () => {
    const remains = (await steps.finalize(stepInput))?.remains;
    if (remains) receipts.remains = remains;
    return null;
  });
  await answerCancel(cutover);
}

/** A run that learnt of its commit from the claim has no receipt yet, and perhaps targets that are not flipped. */
async function finishSwitchover(cutover: Cutover): Promise<void> {
  const { run, saga } = cutover;
  const isDone = run.receipts.switchovers.some(({ outcome }) => outcome === 'committed');
  run.commit();
  saga.clear();
  if (isDone) return;
  let decided: Pick<SwitchoverInput, 'fence' | 'decided' | 'committed'> = {};
  const finish = async (): Promise<string | null> => {
    // The first attempt ended with the question.
    if (run.unproven !== null) return run.unproven.why;
    try {
      const receipt = await patientSwitchover({ ...run.stepInput, ...decided });
      if (receipt.outcome === 'aborted') return `it is committed, but the step says it was given up: ${receipt.reason}`;
      keep(cutover, receipt);
      return null;
    } catch (error) {
      const unproven = unprovenOf(error);
      if (unproven === null) throw error;
      run.unproven = unproven;
      return unproven.why;
    }
  };
  // Without it green does not serve: it can be tried again, not skipped. What may be skipped is the proof that nothing went around
  // blue's fence, by somebody who says why. A cancel request is answered later.
  await insist(cutover, 'switchover', finish, {
    answersCancel: false,
    decisions: () => (run.unproven === null ? ['retry', 'wait'] : ['retry', 'wait', 'skip']),
    answered: ({ decision, said }) => {
      if (run.unproven !== null) {
        const { committed } = run.unproven;
        decided = { fence: decision === 'skip' ? 'open' : 'carry', decided: said, ...(committed && { committed }) };
      }
      run.unproven = null;
      return 'again';
    },
  });
}

async function acceptGreen(cutover: Cutover): Promise<void> {
  const { run, gates } = cutover;
  const { finalize, finalizeTimeoutMs } = run.plan.gates;
  await insist(cutover, 'finalize', async () => {
    if (finalize === 'automatic' && isClean(cutover)) return null;
    if (run.plan.jobs.length > 0 && patched(PREVIEWS)) await previewJobs(cutover);
    const verdict = await gates.ask({
      gate: 'finalize',
      why: 'Green serves. `approve` resumes the jobs of dependents and removes what the cutover needed. `reject` calls a person: there is no way back.',
      evidence: finalizePage(run.receipts, run.plan, run.decisions),
      timeoutMs: finalizeTimeoutMs,
      ifNobody: 'gate `intervene` opens; green goes on serving.',
      until: () => cutover.cancelRequested && !cutover.cancelAnswered,
    });
    if (verdict === undefined) {
      return cutover.cancelRequested && !cutover.cancelAnswered
        ? RETRY
        : `nobody decided gate finalize within ${finalizeTimeoutMs} ms`;
    }
    if (verdict.decision === 'approve') return null;
    return `${verdict.by} rejected at gate finalize${verdict.note === undefined ? '' : `: ${verdict.note}`}`;
  });
}

/** Runs that began before asked at gate `finalize` without a look at the jobs. */
const PREVIEWS = 'previews-at-finalize';

/** For the evidence alone: a job that does not answer keeps no gate closed. It is looked at once more before it is resumed. */
async function previewJobs({ run }: Cutover): Promise<void> {
  try {
    run.receipts.purgeGuard = await steps.previewJobs(run.stepInput);
  } catch (error) {
    if (isCancellation(error) || !isJudgeable(error) || !(error instanceof ActivityFailure)) throw error;
    run.receipts.purgeGuard = null;
    log.warn('jobs not looked at', { cutoverId: run.cutoverId, phase: run.phase });
  }
}

/** Whether nobody needs to look: the bake saw enough and all of it good, and no person let anything pass. */
function isClean({ run }: Cutover): boolean {
  return run.receipts.bake?.verdict === 'clean' && run.decisions.every(({ decision }) => decision !== 'skip');
}

async function resumeJobs(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  await insist(cutover, 'resumeJobs', async () => {
    const { ok, jobs } = (run.receipts.purgeGuard = await steps.guardPurge(run.stepInput));
    if (ok) return null;
    return `jobs would remove more than revocations explain: ${unexplained(jobs).join('; ')}`;
  });
  await insist(cutover, 'resumeJobs', async () => {
    await steps.resumeJobs(run.stepInput);
    return null;
  });
}

/** Not a problem: the same once more, after the cancel request was answered. */
const RETRY = Symbol('retry');

interface InsistOptions {
  readonly decisions?: () => readonly Decision[];
  readonly answersCancel?: boolean;
  /** Takes what a person said. @default `skip` goes on, everything else does the phase again */
  readonly answered?: (answer: Intervention) => 'again' | 'go on';
}

const GO_ON_WHEN_SKIPPED: NonNullable<InsistOptions['answered']> = ({ decision }) =>
  decision === 'skip' ? 'go on' : 'again';

/**
 * Runs one phase until it is as it should be or a person accepts that it is not.
 *
 * @param work says what is wrong, or null
 */
async function insist(
  cutover: Cutover,
  phase: Phase,
  work: () => Promise<string | typeof RETRY | null>,
  {
    decisions = () => (maySkip(phase) ? ['retry', 'wait', 'skip'] : ['retry', 'wait']),
    answersCancel = true,
    answered = GO_ON_WHEN_SKIPPED,
  }: InsistOptions = {},
): Promise<void> {
  await cutover.run.inPhase(phase, async () => {
    for (;;) {
      if (answersCancel) await answerCancel(cutover);
      const problem = await problemOf(work);
      if (problem === null) return;
      if (problem === RETRY) continue;
      const answer = await intervene(cutover.gates, {
        why: `After the commit, phase \`${phase}\`: ${problem}`,
        evidence: evidenceOf(cutover, phase, problem, decisions()),
        decisions: decisions(),
        ifNobody: 'it stays open. Nothing is undone: the commit has no way back.',
      });
      if (answer !== undefined && answered(answer) === 'go on') return;
    }
  });
}

function evidenceOf({ run }: Cutover, phase: Phase, problem: string, decisions: readonly Decision[]): Page {
  const ask = (serves: InterveneKnown['serves'], answers: InterveneKnown['answers']) =>
    intervenePage(run.interveneKnown({ phase, problem, serves, answers }));
  if (run.unproven !== null) {
    return ask('nobody', {
      retry: 'carries and compares those tables once more, however long it takes',
      skip: 'opens green without it, with your reason in the report: "nothing lost" is not claimed then',
    });
  }
  if (!decisions.includes('skip')) {
    return ask('nobody', { retry: 'goes on; it cannot be skipped: green does not serve before it is done' });
  }
  return ask('green', { retry: 'does the phase again', skip: 'goes on as it is, with your reason in the report' });
}

async function problemOf(work: () => Promise<string | typeof RETRY | null>): Promise<string | typeof RETRY | null> {
  try {
    return await work();
  } catch (error) {
    if (!isJudgeable(error)) throw error;
    // The only thing that is cancelled here is an interruptible step, for a cancel request.
    if (isCancellation(error)) return RETRY;
    const { code, message } = causeOf(error);
    return `${code}: ${message}`;
  }
}

/** A cancel request after the commit is not obeyed, because it cannot be; it is not dropped either. */
async function answerCancel(cutover: Cutover): Promise<void> {
  if (!cutover.cancelRequested || cutover.cancelAnswered) return;
  await intervene(cutover.gates, {
    why: 'Somebody asked to cancel, but the writes have moved: the commit has no way back.',
    evidence: intervenePage(
      cutover.run.interveneKnown({
        phase: cutover.run.phase,
        problem: 'Somebody asked to cancel, and that cannot be done any more.',
        serves: 'green',
        answers: { retry: 'goes on to the end' },
      }),
    ),
    decisions: ['retry', 'wait'],
    ifNobody: 'it stays open, and green goes on serving.',
  });
  cutover.cancelAnswered = true;
}
