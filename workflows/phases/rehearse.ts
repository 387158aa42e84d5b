import { allHandlersFinished, CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';
import { findingText } from '../../domain/evidence/answers';
import { planPage } from '../../domain/evidence/plan-page';
import { type FaultCode } from '../../domain/faults';
import { type Removal, type Report } from '../../domain/receipts';
import { type Phase } from '../../domain/runbook';
import { closeRun } from '../close-run';
import { type Cutover } from '../cutover';
import { causeOf, isJudgeable, type Cause } from '../failures';
import { steps } from '../steps';
import { mustApprove } from './approval';
import { cleanGreen } from './clean';

/**
 * Everything that can be tried on a copy: cleaned, migrated, repaired, Hydra started on it, each row compared with what it was
 * to become, and taken down again. Nothing is written to blue, so there is no capture, no run row and no switchover.
 *
 * What speaks about the data or the config is a finding: it is kept, and the rehearsal goes on as far as it makes sense. Only
 * what broke the rehearsal itself is thrown, for whoever calls to undo it.
 * @returns the report, once nothing of it is left
 */
export async function rehearse(cutover: Cutover): Promise<Report> {
  const { run, saga } = cutover;
  const plan = rehearsalPlan(cutover);
  run.findings.push(...plan.findings);
  if (plan.goesOn) {
    await approve(cutover);
    await copy(cutover);
    await tryOut(cutover);
  }
  await saga.unwind();
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return closeRun(run, 'rehearsed', null);
}

/**
 * Whether a rehearsal was refused because a real run is on: nothing is wrong then, it comes at another time.
 */
export function standsAside({ run }: Cutover, error: unknown): boolean {
  return (
    run.mode === 'rehearse' && isJudgeable(error) && causeOf(error).code === ('CUTOVER_RUNNING' satisfies FaultCode)
  );
}

/** @returns the report of a rehearsal that did not begin */
export async function skipped({ run }: Cutover, error: unknown): Promise<Report> {
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return closeRun(run, 'skipped', causeOf(error));
}

async function approve({ run, gates }: Cutover): Promise<void> {
  const { plan } = run;
  if (plan.rehearsal?.gatePlan !== 'manual') return;
  await run.inPhase('plan', async () => {
    await mustApprove(gates, {
      gate: 'plan',
      why: 'Read the plan of this rehearsal. `approve` begins with the copy; nothing is written to blue.',
      evidence: planPage(plan),
      timeoutMs: plan.gates.planTimeoutMs,
      ifNobody: 'the rehearsal ends as rejected; nothing was changed.',
    });
  });
}

async function copy(cutover: Cutover): Promise<void> {
  const { run, saga } = cutover;
  const { keepSnapshot } = rehearsalPlan(cutover);
  let isComplete = false;
  await run.inPhase('snapshot', () => {
    // One that is to be kept stays when it is whole; what is left of one that failed goes.
    saga.register('snapshot', async () => {
      if (!keepSnapshot || !isComplete) await steps.deleteSnapshot(run.stepInput);
    });
    return steps.takeSnapshot(run.stepInput);
  });
  isComplete = true;
  await run.inPhase('restore', () => {
    saga.register('restore', () => steps.deleteGreen(run.stepInput));
    return steps.restoreGreen(run.stepInput);
  });
  await run.inPhase('close', () => steps.closeGreen(run.stepInput));
}

/** The copy from its first look to its comparison; ends early where the next step would mean nothing. */
async function tryOut(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  const { receipts, stepInput } = run;
  // Before the cleaning: the comparison then covers the cleaning, too.
  const isKept = await finds(cutover, 'hashes', ['CHECK_FAILED'], async () => {
    receipts.hashes = await steps.keepRowHashes(stepInput);
  });
  const isClean = await finds(cutover, 'clean', ['CHECK_FAILED'], async () => {
    receipts.clean = await cleanGreen(cutover, (removals) => noteRemovals(cutover, removals));
  });
  if (!isClean) return;
  noteCleaned(cutover);
  const isMigrated = await finds(cutover, 'migrate', ['MIGRATION_FAILED'], async () => {
    receipts.migrate = await steps.migrateGreen(stepInput);
  });
  if (!isMigrated) return;
  await finds(cutover, 'repair', ['MIGRATION_FAILED'], async () => {
    receipts.repair = await steps.repairGreen(stepInput);
  });
  await run.inPhase('guard', () => steps.guardGreen(stepInput));
  await run.inPhase('vacuum', () => steps.vacuumGreen(stepInput));
  const isStarted = await startHydra(cutover);
  if (isStarted) await ask(cutover);
  if (isKept) await compare(cutover);
  if (isStarted) await write(cutover);
}

/** @returns whether a Hydra answers on the copy */
async function startHydra(cutover: Cutover): Promise<boolean> {
  const { run, saga } = cutover;
  if (!rehearsalPlan(cutover).startsGreen) return false;
  const findings: readonly FaultCode[] = ['PROCESS_NOT_READY', 'CHECK_FAILED', 'HYDRA_UNEXPECTED', 'COMMAND_FAILED'];
  return finds(cutover, 'start', findings, async () => {
    saga.register('start', () => steps.stopGreen(run.stepInput));
    const started = await steps.startGreen(run.stepInput);
    for (const what of started?.differences ?? []) {
      run.findings.push({ phase: 'start', weight: 'blocks', code: 'CHECK_FAILED', what });
    }
  });
}

/** What a client would be told otherwise is known weeks before the night. */
async function ask(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  await finds(cutover, 'samples', ['HYDRA_UNREACHABLE', 'HYDRA_UNEXPECTED', 'CHECK_FAILED'], async () => {
    run.receipts.answers = await steps.compareAnswers(run.stepInput);
  });
  const { answers } = run.receipts;
  if (answers === null || answers.found === 0) return;
  const what = `${answers.found} answers of Hydra on the copy are not those of blue: ${answers.findings.map(findingText).join('; ')}`;
  run.findings.push({ phase: 'samples', weight: 'blocks', code: 'ANSWERS_DIFFER', what });
}

async function compare(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  await finds(cutover, 'parity', ['CHECK_FAILED'], async () => {
    run.receipts.parity = await steps.compareRowHashes(run.stepInput);
  });
  const { parity } = run.receipts;
  if (parity === null || parity.differences === 0) return;
  const what = `${parity.differences} of ${parity.rows} rows did not become what they had to (allowed 0): ${parity.examples.join(', ')}`;
  run.findings.push({ phase: 'parity', weight: 'blocks', code: 'PARITY_DIFFERS', what });
}

/** Nothing but this writes through green's Hydra before the commit: what only new rows meet would show when it is too late. */
async function write(cutover: Cutover): Promise<void> {
  const { run } = cutover;
  const differences = run.receipts.parity?.differences ?? null;
  await finds(cutover, 'writes', ['HYDRA_UNREACHABLE', 'HYDRA_UNEXPECTED', 'CHECK_FAILED'], async () => {
    run.receipts.writes = await steps.tryWrites({ ...run.stepInput, differences });
  });
  const grace = run.receipts.writes?.refreshGrace;
  if (grace !== undefined) {
    run.findings.push({ phase: 'writes', weight: 'blocks', code: 'CHECK_FAILED', what: grace });
  }
  const changed = run.receipts.writes?.changed ?? 0;
  if (changed === 0) return;
  const what = `${changed} rows are no more what they had to become after Hydra wrote others (allowed 0)`;
  run.findings.push({ phase: 'writes', weight: 'blocks', code: 'PARITY_DIFFERS', what });
}

/** A real run would ask; on a copy that goes away again it is a finding. */
function noteRemovals({ run }: Cutover, removals: readonly Removal[]): Promise<void> {
  for (const { rule, table, rows, of } of removals) {
    const what = `${rows} of ${of} rows of ${table} would be removed, and a real run would ask before the first of them`;
    run.findings.push({ phase: 'clean', weight: 'look', code: rule, what });
  }
  return Promise.resolve();
}

/** Cleaning is no fault, but a person should know how much of it there is. */
function noteCleaned(cutover: Cutover): void {
  const { run } = cutover;
  const { cleanedRowsMax } = rehearsalPlan(cutover);
  const titles = new Map(run.plan.rules.map(({ id, title }) => [id, title]));
  const cleaned = run.receipts.clean?.rules ?? [];
  const rows = cleaned.reduce((sum, rule) => sum + rule.rows, 0);
  if (rows <= cleanedRowsMax) return;
  for (const rule of cleaned) {
    if (rule.rows === 0) continue;
    const title = titles.get(rule.id);
    const what = `${rule.rows} rows would be cleaned, ${rule.archived} archived${title === undefined ? '' : `: ${title}`}`;
    run.findings.push({ phase: 'clean', weight: 'look', code: rule.id, what });
  }
}

/** @returns false when the phase ended with one of `findings`, which is kept; @throws everything else */
async function finds(
  { run }: Cutover,
  phase: Phase,
  findings: readonly FaultCode[],
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await run.inPhase(phase, work);
    return true;
  } catch (error) {
    if (!isJudgeable(error) || isCancellation(error)) throw error;
    const { code, message }: Cause = causeOf(error);
    if (!findings.some((known) => known === code)) throw error;
    log.warn('rehearsal found a problem', { cutoverId: run.cutoverId, phase, code });
    run.findings.push({ phase, weight: 'blocks', code, what: message });
    return false;
  }
}

function rehearsalPlan({ run }: Cutover) {
  const { rehearsal } = run.plan;
  if (rehearsal === undefined) throw new TypeError('a rehearsal without its part of the plan');
  return rehearsal;
}
