import { CutoverFault } from '../domain/faults';
import { CUTOVER_TAG } from '../domain/ports/database-provider';
import { type SideName } from '../domain/sides';
import { type StepInput } from '../domain/steps';
import { callersProblems } from '../domain/evidence/callers';
import { type StartReceipt, type StopBlueReceipt } from '../domain/receipts';
import { beforeLeftStops } from './support/before-left-stops';
import { serviceDifferences } from './support/service-differences';
import { runSideCommand } from './support/side-commands';
import { hasTakenWrites } from '../hydra/arbiter';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { takeOutOfUse } from './support/take-out-of-use';
import { sessionMoved } from './support/session-moved';
import { withClosed, withEntered, withEnteredRows } from './support/with-entered';
import { awaitGone, awaitReady, type HydraProcess } from './hydra-process';
import { type Step, type StepContext, type StepDeps } from './step';
import { instanceIdOf, SIDE_COMMANDS } from './support/of-side';

const READY_DEADLINE_MS = 180_000;
/** A readiness probe reaches the database, so its session there shows within a few of them. */
const PROOF_MS = 10_000;

/**
 * Starts Hydra on the entered side with its command (without one: waits for whoever starts it), and proves that the Hydra that answers as
 * that side's uses that side's database and the left one's keys and issuer. Idempotent.
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
  await withClosed(deps, input, context, 'start', () => Promise.resolve());
  const { from, to } = deps.direction;
  await runSideCommand(deps, SIDE_COMMANDS.start[to], to, input, context);
  await awaitReady(hydraOn(deps, to), context);
  await assertUsesEntered(deps, input, context);
  await assertSameIdentity(deps);
  context.heartbeat({ step: `comparing with ${from}` });
  const differences = await withEnteredRows(deps, input, context, 'compare Hydras', (entered) =>
    serviceDifferences(deps, entered),
  );
  return { differences };
};

/**
 * Stops Hydra on the entered side. Idempotent; tolerates that it never ran and that there is no such side any more.
 *
 * @throws CutoverFault CHECK_FAILED (it serves, or may) | COMMAND_FAILED (it still answers) | CROSSED_CONNECTION | LOCK_BUSY |
 *   DB_UNREACHABLE
 */
export const stopGreen: Step<StepInput, void> = async (deps, input, context) => {
  const { to } = deps.direction;
  const instance = await deps.provider.describeInstance(instanceIdOf(deps, to));
  // Of what another cutover made nothing is stopped. Without an instance nothing can serve from it.
  if (instance !== undefined && instance.tags[CUTOVER_TAG] !== input.cutoverId) return;
  if (instance !== undefined) await takeOutOfUse(deps, input.cutoverId, instance, context);
  await stop(deps, input, context, to);
};

/**
 * Stops Hydra on the left side once no gateway has a request under way there, and looks that it does not answer any more. Idempotent. Its database
 * is left alone.
 *
 * @throws CutoverFault CHECK_FAILED (the entered side does not take writes: the left one's Hydra still answers somebody) | READS_UNDER_WAY (gateways have requests there) | COMMAND_FAILED (it still
 *   answers) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const stopBlue: Step<StepInput, StopBlueReceipt> = async (deps, input, context) => {
  const { from, to } = deps.direction;
  const arbiter = await withEntered(deps, input, context, `stop ${from}`, readArbiter);
  if (!hasTakenWrites(arbiter, to)) {
    const { state, epoch } = arbiter;
    throw new CutoverFault(
      'CHECK_FAILED',
      `${to} is ${state} for epoch ${epoch}, not open: ${from}'s Hydra still answers, and is not stopped before that`,
      { state, epoch },
    );
  }
  const looked = await beforeLeftStops(deps, context);
  for (const problem of callersProblems(looked.callers))
    deps.log.warn({ ...input, problem }, `${from} is still called`);
  await stop(deps, input, context, from);
  return looked;
};

async function stop(deps: StepDeps, input: StepInput, context: StepContext, side: SideName): Promise<void> {
  context.heartbeat({ step: 'stopping' });
  const command = SIDE_COMMANDS.stop[side];
  const ran = await runSideCommand(deps, command, side, input, context);
  const why = ran ? `the command ${command} succeeded, but` : `the config has no command ${command}, and`;
  await awaitGone(hydraOn(deps, side), why, context);
}

function hydraOn(deps: StepDeps, side: SideName): HydraProcess {
  return { who: `Hydra on ${side}`, isReady: () => deps.hydra.isReady(side), deadlineMs: deadlineOf(deps) };
}

/**
 * Whether a session of Hydra's role on the entered side moved because the Hydra at its address was asked: nobody else logs in there with
 * that role.
 */
async function assertUsesEntered(deps: StepDeps, input: StepInput, context: StepContext): Promise<void> {
  const { to } = deps.direction;
  const { hydraRole } = deps.settings.green;
  const used = await withEntered(deps, input, context, 'whose Hydra', (entered) =>
    sessionMoved(context, entered, {
      ...{ role: hydraRole, moment: 'state_change', step: 'whose Hydra is it' },
      deadlineMs: Math.min(PROOF_MS, deadlineOf(deps)),
      ask: () => deps.hydra.isReady(to),
    }),
  );
  if (used) return;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the Hydra that answers at ${to}'s address does not use ${to}'s database: no session of role ${hydraRole} there moved when it was asked whether it is ready; check its DSN and the role`,
    { role: hydraRole },
  );
}

async function assertSameIdentity(deps: StepDeps): Promise<void> {
  const problems: string[] = [];
  const { from, to } = deps.direction;
  const [before, now] = [await deps.hydra.issuer(from), await deps.hydra.issuer(to)];
  if (before !== now) {
    problems.push(`issuer is ${now} on ${to} and ${before} on ${from} (2.x takes urls.self.issuer as it stands)`);
  }
  const known = new Set(await deps.hydra.publicKeys(from));
  const keys = await deps.hydra.publicKeys(to);
  if (!keys.some((kid) => known.has(kid))) problems.push(`${to} publishes none of the keys that ${from} publishes`);
  if (problems.length === 0) return;
  throw new CutoverFault('CHECK_FAILED', `Hydra on ${to} is not what ${from}'s users know: ${problems.join('; ')}`, {
    problems,
  });
}

function deadlineOf(deps: StepDeps): number {
  return deps.settings.green.readyDeadlineMs ?? READY_DEADLINE_MS;
}
