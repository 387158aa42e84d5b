import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { removalPage } from '../../domain/evidence/removal-page';
import { type FaultCode } from '../../domain/faults';
import { type CleanReceipt, type Plan, type Removal } from '../../domain/receipts';
import { type Cutover } from '../cutover';
import { causeOf } from '../failures';
import { steps } from '../steps';
import { mustApprove } from './approval';

const UNCONFIRMED = 'REMOVAL_UNCONFIRMED' satisfies FaultCode;

/**
 * Cleans green. Where a rule would remove a large share of a table, by the count on the copy, `confirm` is asked before the first row
 * goes, and again where there are more rows than it said yes to.
 */
export async function cleanGreen(
  { run }: Cutover,
  confirm: (removals: readonly Removal[]) => Promise<void>,
): Promise<CleanReceipt> {
  let confirmed: readonly Removal[] = [];
  for (;;) {
    try {
      return await steps.cleanGreen({ ...run.stepInput, adapt: adaptedOnGreen(run.plan), confirmed });
    } catch (error) {
      const removals = unconfirmedOf(error);
      if (removals === null) throw error;
      await confirm(removals);
      confirmed = removals;
    }
  }
}

/** By name, as the step that adapts them is told. */
function adaptedOnGreen({ catalog = [] }: Plan): readonly string[] {
  return catalog.filter(({ onGreen }) => onGreen !== undefined).map(({ object }) => object);
}

/** Asks a person, at gate `plan`. @throws CutoverFault GATE_REJECTED | GATE_TIMEOUT */
export async function confirmRemovals(
  { run, gates }: Cutover,
  removals: readonly Removal[],
  where: 'blue' | 'the copy',
): Promise<void> {
  const counted =
    where === 'blue' ? 'by what was counted or estimated on blue' : 'by the count on the copy; nothing was removed yet';
  await mustApprove(gates, {
    gate: 'plan',
    why: `Cleaning would remove a large share of a table, ${counted}. \`approve\` only if you know why so many rows are broken: on blue they stay as they are, on green they are gone but for the archive.`,
    evidence: removalPage(removals),
    timeoutMs: run.plan.gates.planTimeoutMs,
    ifNobody:
      where === 'blue' ? 'the run ends as rejected; nothing was changed.' : 'the run is undone; blue goes on serving.',
  });
}

function unconfirmedOf(error: unknown): readonly Removal[] | null {
  if (causeOf(error).code !== UNCONFIRMED) return null;
  const failure = error instanceof ActivityFailure ? error.cause : undefined;
  const details = failure instanceof ApplicationFailure ? failure.details?.[0] : undefined;
  const told = (details as { readonly removals?: readonly string[] } | undefined)?.removals;
  return told?.map((one) => JSON.parse(one) as Removal) ?? null;
}
