import { CutoverFault } from '../../domain/faults';
import { type RehearsalFinding, type RehearsalPlan } from '../../domain/receipts';
import { type ArbiterDescription } from '../../hydra/arbiter';
import { type Findings, problemText } from '../preflight/findings';
import { type StepDeps } from '../step';

/** What preflight found that would refuse a real run, but keeps nobody from trying things out on a copy. */
export interface SoftFindings {
  /** About the data: the copy could not be migrated either. */
  readonly data: Findings;
  /** About what a copy does not need. */
  readonly rest: Findings;
}

/** @returns the rehearsal's part of the plan */
export function rehearsalPlan(deps: StepDeps, { data, rest }: SoftFindings): RehearsalPlan {
  const { gatePlan, keepSnapshot, cleanedRowsMax, startGreen } = deps.settings.rehearsal;
  return {
    findings: [...found(data, 'DATA'), ...found(rest, 'CHECK_FAILED')],
    goesOn: data.problems.length === 0,
    gatePlan,
    keepSnapshot,
    cleanedRowsMax,
    startsGreen: startGreen && deps.commands.has('startGreen'),
  };
}

function found({ problems }: Findings, code: string): RehearsalFinding[] {
  return problems.map((problem) => ({ phase: 'preflight', weight: 'blocks', code, what: problemText(problem) }));
}

/**
 * A rehearsal stands aside while a cutover of this database is on, wherever that one was started from.
 *
 * @throws CutoverFault CUTOVER_RUNNING
 */
export function assertNoRealRun(arbiter: ArbiterDescription | undefined): void {
  // What is committed or green is no run under way: preflight says what it is.
  if (arbiter?.side !== 'blue' || arbiter.state === 'committed') return;
  const { cutoverId, installedAt, state } = arbiter;
  throw new CutoverFault(
    'CUTOVER_RUNNING',
    `cutover ${cutoverId} of this database is under way since ${installedAt} (${state}); nothing was changed; rehearse when it is over`,
    { cutoverId, installedAt },
  );
}
