import { CutoverFault } from '../domain/faults';
import { type CaptureReceipt } from '../domain/receipts';
import { OUR_ROLES } from '../domain/our-roles';
import { cutoverWorkflowId } from '../domain/runbook';
import { type StepInput } from '../domain/steps';
import { grantArbiter, guardProblems, guardTables, installArbiter, letLook, letRead } from '../hydra/arbiter';
import { captureProblems, installCapture, sendCanary } from '../hydra/capture';
import { beginUser } from './canary-user/begin-user';
import { type Step } from './step';
import { pathOfRun } from './support/of-side';

/**
 * Arbiter, guards, change log and revocations on the left side, proven by a canary that takes the way of every write. From here on every
 * change there is recorded; nothing is refused before the first fence. Then the canary user logs in: see {@link beginUser}.
 *
 * Idempotent: goes on where an earlier try was cut off. One table per transaction, so that Hydra's writers wait for moments only.
 * @throws CutoverFault CUTOVER_RUNNING | CROSSED_CONNECTION | CHECK_FAILED (not that side's Hydra, no role of the gateways,
 *   writes have moved away from it, or the removal of this cutover has begun) | LOCK_BUSY (retryable) | CAPTURE_BROKEN | DB_UNREACHABLE
 */
export const enableCapture: Step<StepInput, CaptureReceipt> = async (deps, input, context) => {
  const receipt = await capture(deps, input, context);
  const { why } = await beginUser(deps, input, context);
  return { ...receipt, noCanaryUser: why };
};

const capture: Step<StepInput, CaptureReceipt> = (deps, input, context) => {
  const { from } = deps.direction;
  return deps.databases.withSession(
    from,
    async (left) => {
      const { environment, startedBy = 'unknown' } = input;
      const origin = {
        ...{ environment, startedBy, workflowId: cutoverWorkflowId(environment) },
        temporal: deps.settings.temporal ?? 'an unknown Temporal',
      };
      const schema = deps.settings.hydraSchema;
      const { signal } = context;
      await installArbiter(left, {
        side: from,
        cutoverId: input.cutoverId,
        initialState: 'open',
        owner: OUR_ROLES.owner,
        origin,
      });
      await guardTables(left, { schema, signal, onTable: (table) => context.heartbeat({ step: 'guarding', table }) });
      for (const role of deps.settings.green.arbiterRoles) await grantArbiter(left, role);
      const { workerRoles, lookRoles } = deps.settings;
      const { tables } = await installCapture(pathOfRun(deps), left, {
        schema,
        signal,
        onTable: (table) => context.heartbeat({ step: 'capturing', table }),
      });
      const [worker, look] = [workerRoles?.[from], lookRoles?.[from]];
      if (worker !== undefined) await letRead(left, worker);
      if (look !== undefined) await letLook(left, look);
      const problems = [...(await guardProblems(left)), ...(await captureProblems(left))];
      if (problems.length > 0) {
        throw new CutoverFault(
          'CAPTURE_BROKEN',
          `changes on ${from} are not all recorded: ${problems.join('; ')}; find out who changes these tables, then try again`,
          { problems },
        );
      }
      const startedAt = performance.now();
      await sendCanary(left);
      return { tables, canaryMs: Math.ceil(performance.now() - startedAt) };
    },
    { signal: context.signal, purpose: 'enable capture' },
  );
};
