import { CutoverFault } from '../../domain/faults';
import { type RehearsalFinding, type RehearsalPlan } from '../../domain/receipts';
import { type ArbiterDescription } from '../../hydra/arbiter';
import { type Findings, problemText } from '../preflight/findings';
import { type StepDeps } from '../step';
import { SIDE_COMMANDS } from '../support/of-side';
import { type Direction } from '../../domain/sides';

/** What preflight found that would refuse a real run, but keeps nobody from trying things out on a copy. */
export interface SoftFindings {
  /** About the data: the copy could not be migrated either. */
  readonly data: Findings;
  /** About what a copy does not need. */
  readonly rest: Findings;
}

/** @returns the rehearsal's part of the plan */
export function rehearsalPlan(deps: StepDeps, { data, rest }: SoftFindings): RehearsalPlan {
  const { gatePlan, keepSnapshot, cleanedRowsMax, startGreen: isStarted } = deps.settings.rehearsal;
  return {
    findings: [...found(data, 'DATA'), ...found(rest, 'CHECK_FAILED')],
    goesOn: data.problems.length === 0,
    gatePlan,
    keepSnapshot,
    cleanedRowsMax,
    startsGreen: isStarted && deps.commands.has(SIDE_COMMANDS.start[deps.direction.to]),
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
export function assertNoRealRun({ from }: Direction, arbiter: ArbiterDescription | undefined): void {
  // What is committed or the entered side of a cutover is no run under way: preflight says what it is.
  if (arbiter?.side !== from || arbiter.state === 'committed') return;
  const { cutoverId, installedAt, state } = arbiter;
  throw new CutoverFault(
    'CUTOVER_RUNNING',
    `cutover ${cutoverId} of this database is under way since ${installedAt} (${state}); nothing was changed; rehearse when it is over`,
    { cutoverId, installedAt },
  );
}
