import { CutoverFault } from '../domain/faults';
import { CUTOVER_TAG } from '../domain/ports/database-provider';
import { type SideName } from '../domain/sides';
import { type StepInput } from '../domain/steps';
import { callersProblems } from '../domain/evidence/callers';
import { type StartReceipt, type StopBlueReceipt } from '../domain/receipts';
import { beforeBlueStops } from './green/before-blue-stops';
import { serviceDifferences } from './green/service-differences';
import { runSideCommand } from './green/side-commands';
import { hasTakenWrites } from '../hydra/arbiter';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { takeGreenOutOfUse } from './green/take-out-of-use';
import { sessionMoved } from './green/session-moved';
import { withClosedGreen, withGreen } from './green/with-green';
import { awaitGone, awaitReady, type HydraProcess } from './hydra-process';
import { type Step, type StepContext, type StepDeps } from './step';

const READY_DEADLINE_MS = 180_000;
/** A readiness probe reaches the database, so its session there shows within a few of them. */
const PROOF_MS = 10_000;

/**
 * Starts Hydra on green with the command `startGreen` (without one: waits for whoever starts it), and proves that the Hydra that
 * answers as green's uses green's database and blue's keys and issuer. Idempotent.
 *
 * What else is different to browsers and clients is returned: a person sees it before the commit and can still set it right.
 *
 * The command gets CUTOVER_ID, CUTOVER_SIDE, CUTOVER_DB_HOST, CUTOVER_DB_PORT and CUTOVER_DB_NAME.
 * @throws CutoverFault PROCESS_NOT_READY | CROSSED_CONNECTION (it uses another database) | CHECK_FAILED (issuer, version, keys) |
 *   COMMAND_FAILED | HYDRA_UNREACHABLE | DB_UNREACHABLE
 */
export const startGreen: Step<StepInput, StartReceipt> = async (deps, input, context) => {
  context.heartbeat({ step: 'starting' });
  // The command may restart a Hydra that runs: never one that serves.
  await withClosedGreen(deps, input, context, 'start', () => Promise.resolve());
  await runSideCommand(deps, 'startGreen', 'green', input, context);
  await awaitReady(hydraOn(deps, 'green'), context);
  await assertUsesGreen(deps, input, context);
  await assertSameIdentity(deps);
  context.heartbeat({ step: 'comparing with blue' });
  const differences = await withGreen(deps, input, context, 'compare Hydras', (green) =>
    serviceDifferences(deps, green),
  );
  return { differences };
};

/**
 * Stops Hydra on green. Idempotent; tolerates that it never ran and that there is no green any more.
 *
 * @throws CutoverFault CHECK_FAILED (green serves, or may) | COMMAND_FAILED (it still answers) | CROSSED_CONNECTION | LOCK_BUSY |
 *   DB_UNREACHABLE
 */
export const stopGreen: Step<StepInput, void> = async (deps, input, context) => {
  const green = await deps.provider.describeInstance(deps.settings.provider.greenInstanceId);
  // Of another cutover's green nothing is stopped. Without an instance nothing can serve from it.
  if (green !== undefined && green.tags[CUTOVER_TAG] !== input.cutoverId) return;
  if (green !== undefined) await takeGreenOutOfUse(deps, input.cutoverId, green, context);
  await stop(deps, input, context, 'green', 'stopGreen');
};

/**
 * Stops Hydra on blue once no gateway has a request under way there, and looks that it does not answer any more. Idempotent. Its database
 * is left alone.
 *
 * @throws CutoverFault CHECK_FAILED (green does not take writes: blue's Hydra still answers somebody) | READS_UNDER_WAY (gateways have requests there) | COMMAND_FAILED (it still
 *   answers) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const stopBlue: Step<StepInput, StopBlueReceipt> = async (deps, input, context) => {
  const green = await withGreen(deps, input, context, 'stop blue', readArbiter);
  if (!hasTakenWrites(green, 'green')) {
    const { state, epoch } = green;
    throw new CutoverFault(
      'CHECK_FAILED',
      `green is ${state} for epoch ${epoch}, not open: blue's Hydra still answers, and is not stopped before that`,
      { state, epoch },
    );
  }
  const looked = await beforeBlueStops(deps, context);
  for (const problem of callersProblems(looked.callers)) deps.log.warn({ ...input, problem }, 'blue is still called');
  await stop(deps, input, context, 'blue', 'stopBlue');
  return looked;
};

async function stop(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  side: SideName,
  command: 'stopGreen' | 'stopBlue',
): Promise<void> {
  context.heartbeat({ step: 'stopping' });
  const ran = await runSideCommand(deps, command, side, input, context);
  const why = ran ? `the command ${command} succeeded, but` : `the config has no command ${command}, and`;
  await awaitGone(hydraOn(deps, side), why, context);
}

function hydraOn(deps: StepDeps, side: SideName): HydraProcess {
  return { who: `Hydra on ${side}`, isReady: () => deps.hydra.isReady(side), deadlineMs: deadlineOf(deps) };
}

/**
 * Whether a session of Hydra's role on green moved because the Hydra at green's address was asked: nobody else logs in there
 * with that role.
 */
async function assertUsesGreen(deps: StepDeps, input: StepInput, context: StepContext): Promise<void> {
  const { hydraRole } = deps.settings.green;
  const used = await withGreen(deps, input, context, 'whose Hydra', (green) =>
    sessionMoved(context, green, {
      ...{ role: hydraRole, moment: 'state_change', step: 'whose Hydra is it' },
      deadlineMs: Math.min(PROOF_MS, deadlineOf(deps)),
      ask: () => deps.hydra.isReady('green'),
    }),
  );
  if (used) return;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the Hydra that answers at green's address does not use green's database: no session of role ${hydraRole} there moved when it was asked whether it is ready; check its DSN and the role`,
    { role: hydraRole },
  );
}

async function assertSameIdentity(deps: StepDeps): Promise<void> {
  const problems: string[] = [];
  const [blueIssuer, greenIssuer] = [await deps.hydra.issuer('blue'), await deps.hydra.issuer('green')];
  if (blueIssuer !== greenIssuer) {
    problems.push(
      `issuer is ${greenIssuer} on green and ${blueIssuer} on blue (2.x takes urls.self.issuer as it stands)`,
    );
  }
  const known = new Set(await deps.hydra.publicKeys('blue'));
  const keys = await deps.hydra.publicKeys('green');
  if (!keys.some((kid) => known.has(kid))) problems.push('green publishes none of the keys that blue publishes');
  if (problems.length === 0) return;
  throw new CutoverFault('CHECK_FAILED', `Hydra on green is not what blue's users know: ${problems.join('; ')}`, {
    problems,
  });
}

function deadlineOf(deps: StepDeps): number {
  return deps.settings.green.readyDeadlineMs ?? READY_DEADLINE_MS;
}
