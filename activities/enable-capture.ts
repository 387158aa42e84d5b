import { CutoverFault } from '../domain/faults';
import { type CaptureReceipt } from '../domain/receipts';
import { OUR_ROLES } from '../domain/our-roles';
import { cutoverWorkflowId } from '../domain/runbook';
import { type StepInput } from '../domain/steps';
import { grantArbiter, guardProblems, guardTables, installArbiter, letLook, letRead } from '../hydra/arbiter';
import { captureProblems, installCapture, sendCanary } from '../hydra/capture';
import { copyPathOf } from '../hydra/paths';
import { beginUser } from './canary-user/begin-user';
import { type Step } from './step';

/**
 * Arbiter, guards, change log and revocations on blue, proven by a canary that takes the way of every write. From here on every
 * change on blue is recorded; nothing is refused before the first fence. Then the canary user logs in: see {@link beginUser}.
 *
 * Idempotent: goes on where an earlier try was cut off. One table per transaction, so that Hydra's writers wait for moments only.
 * @throws CutoverFault CUTOVER_RUNNING | CROSSED_CONNECTION | CHECK_FAILED (not blue's Hydra, no role of the gateways,
 *   writes have moved away from blue, or the removal of this cutover has begun) | LOCK_BUSY (retryable) | CAPTURE_BROKEN | DB_UNREACHABLE
 */
export const enableCapture: Step<StepInput, CaptureReceipt> = async (deps, input, context) => {
  const receipt = await capture(deps, input, context);
  const { why } = await beginUser(deps, input, context);
  return { ...receipt, noCanaryUser: why };
};

const capture: Step<StepInput, CaptureReceipt> = (deps, input, context) =>
  deps.databases.withSession(
    'blue',
    async (blue) => {
      const { environment, startedBy = 'unknown' } = input;
      const origin = {
        ...{ environment, startedBy, workflowId: cutoverWorkflowId(environment) },
        temporal: deps.settings.temporal ?? 'an unknown Temporal',
      };
      const schema = deps.settings.hydraSchema;
      const { signal } = context;
      await installArbiter(blue, {
        side: 'blue',
        cutoverId: input.cutoverId,
        initialState: 'open',
        owner: OUR_ROLES.owner,
        origin,
      });
      await guardTables(blue, { schema, signal, onTable: (table) => context.heartbeat({ step: 'guarding', table }) });
      for (const role of deps.settings.green.arbiterRoles) await grantArbiter(blue, role);
      const { workerRoles, lookRoles } = deps.settings;
      const { tables } = await installCapture(copyPathOf(deps.settings.hydraVersion), blue, {
        schema,
        signal,
        onTable: (table) => context.heartbeat({ step: 'capturing', table }),
      });
      if (workerRoles?.blue !== undefined) await letRead(blue, workerRoles.blue);
      if (lookRoles?.blue !== undefined) await letLook(blue, lookRoles.blue);
      const problems = [...(await guardProblems(blue)), ...(await captureProblems(blue))];
      if (problems.length > 0) {
        throw new CutoverFault(
          'CAPTURE_BROKEN',
          `changes on blue are not all recorded: ${problems.join('; ')}; find out who changes these tables, then try again`,
          { problems },
        );
      }
      const startedAt = performance.now();
      await sendCanary(blue);
      return { tables, canaryMs: Math.ceil(performance.now() - startedAt) };
    },
    { signal: context.signal, purpose: 'enable capture' },
  );
