import { CutoverFault } from '../../domain/faults';
import { type UpgradeInput } from '../../domain/runbook';
import { type GateSettings } from '../../domain/settings';
import { type Cutover } from '../cutover';
import { type CutoverRun } from '../run';
import { steps } from '../steps';

/** Looks at everything and changes nothing. @throws CutoverFault CHECK_FAILED, or what preflight throws */
export async function preflight({ run }: Cutover, input: UpgradeInput, problems: readonly string[]): Promise<void> {
  await run.inPhase('preflight', async () => {
    if (problems.length > 0) throw new CutoverFault('CHECK_FAILED', problems.join('; '));
    const { configDigest } = input;
    const plan = await steps.preflight({
      ...run.stepInput,
      mode: run.mode,
      ...(configDigest === undefined ? {} : { configDigest }),
    });
    assertMayBegin(run, input, plan);
    run.receipts.plan = plan;
  });
}

/** @throws CutoverFault CHECK_FAILED (of another environment, or nobody could approve) */
export function assertMayBegin(
  run: CutoverRun,
  input: Pick<UpgradeInput, 'by'>,
  plan: { readonly environment: string; readonly gates: GateSettings },
): void {
  if (plan.environment !== run.environment) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `the worker is of environment "${plan.environment}", the cutover of "${run.environment}"; start a worker with the config of "${run.environment}" on this task queue`,
    );
  }
  if (plan.gates.approverIsNotStarter && input.by === undefined) {
    throw new CutoverFault(
      'CHECK_FAILED',
      'the config wants another person to approve than the one who starts; say who starts ("by")',
    );
  }
  const { approvers = [], approverIsNotStarter } = plan.gates;
  const others = approvers.filter((name) => !approverIsNotStarter || name.toLowerCase() !== input.by?.toLowerCase());
  if (approvers.length > 0 && others.length === 0) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `nobody could approve: gates.approvers names ${approvers.join(', ')}, who starts, and the config wants another person to approve; add somebody, or let somebody else start`,
    );
  }
}
