import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type HydraAge } from '../../domain/in-place/ages';
import { type InPlaceCommand } from '../../domain/in-place/settings';
import { type BesideReceipt } from '../../domain/in-place/receipts';
import { queryRows } from '../../domain/ports/sql-client';
import { type StepInput } from '../../domain/steps';
import { quoteIdentifier } from '../../hydra/cleaning/session';
import { claimOrder } from '../../hydra/in-place/claim-order';
import { oldSessions } from '../../hydra/in-place/compatibility';
import { sessionMoved } from '../support/session-moved';
import { waitFor } from '../support/wait-for';
import { awaitGone, awaitReady, type HydraProcess, mustRun } from '../hydra-process';
import { type OrderedContext, type StepContext } from '../step';
import { type InPlaceDeps, type InPlaceStep, IN_PLACE_SIDE } from './deps';
import { onLive, placeOf } from './prepare-live';

/** A question reaches the database, so its session there shows within a few of them. */
const PROOF_MS = 10_000;

/**
 * Starts the new version beside the old one, with sessions kept as both can read them, and proves it by tokens: one of each version is
 * shown to the other.
 *
 * Idempotent. The command gets CUTOVER_ID and CUTOVER_ORDER ({@link OrderedContext.order}).
 * @throws CutoverFault STALE_ORDER | COMMAND_FAILED | PROCESS_NOT_READY | CHECK_FAILED (version, role, tokens) | HYDRA_UNEXPECTED
 */
export const startBeside: InPlaceStep<StepInput, BesideReceipt> = async (deps, input, context) => {
  await runInOrder(deps, 'startBeside', input, context);
  await awaitReady(theHydra(deps, 'new'), context);
  const version = (await deps.hydra.new.version(IN_PLACE_SIDE)).replace(/^v/, '');
  if (version !== deps.settings.to && version !== '' && version !== 'master') {
    throw new CutoverFault(
      'CHECK_FAILED',
      `the Hydra that was started beside the old one says that it is ${version} (allowed: ${deps.settings.to}); correct the command startBeside`,
      { version },
    );
  }
  await assertOwnRole(deps, context);
  const proven: string[] = [];
  for (const [issuer, asked] of [
    ['new', 'old'],
    ['old', 'new'],
  ] as const) {
    context.heartbeat({ step: 'tokens across the versions', issuer });
    await assertTakes(deps, issuer, asked);
    proven.push(`an access token of the ${issuer} version is active at the ${asked} one, with its subject`);
  }
  return { version, proven };
};

/**
 * Stops the new version, after no gateway sends it anything any more.
 *
 * Idempotent; tolerates that it was never started.
 * @throws CutoverFault CHECK_FAILED (a gateway still sends it requests) | STALE_ORDER | COMMAND_FAILED
 */
export const stopBeside: InPlaceStep<StepInput, void> = async (deps, input, context) => {
  await assertShare(deps, 0, 'the new version is not stopped before that');
  await runInOrder(deps, 'stopBeside', input, context);
  await awaitGone(theHydra(deps, 'new'), 'the command stopBeside succeeded, but', context);
};

/**
 * Stops the old version, after no gateway sends it anything any more.
 *
 * Idempotent.
 * @throws CutoverFault CHECK_FAILED (a gateway still sends it requests) | STALE_ORDER | COMMAND_FAILED | LOCK_BUSY (sessions of it stay)
 */
export const stopOld: InPlaceStep<StepInput, void> = async (deps, input, context) => {
  await assertShare(
    deps,
    100,
    'the old version is not stopped before that; see that the gateway keeps its stateFile, because one that begins anew without it gives everything to the old version',
  );
  await runInOrder(deps, 'stopOld', input, context);
  await awaitGone(theHydra(deps, 'old'), 'the command stopOld succeeded, but', context);
  const place = await placeOf(deps);
  const isGone = await waitFor(context, deps.settings.readyDeadlineMs, { step: 'sessions of the old version' }, () =>
    onLive(deps, context, async (client) => (await oldSessions(client, place, new Date(0).toISOString())).all === 0),
  );
  if (isGone) return;
  throw new CutoverFault(
    'LOCK_BUSY',
    `sessions of role ${place.oldRole} are still there (allowed 0) after the old Hydra was stopped: another one runs somewhere; stop all of it`,
  );
};

/** The way back of {@link stopOld}; its layer is still there. Idempotent. @throws CutoverFault STALE_ORDER | COMMAND_FAILED | PROCESS_NOT_READY */
export const startOld: InPlaceStep<StepInput, void> = async (deps, input, context) => {
  await runInOrder(deps, 'startOld', input, context);
  await awaitReady(theHydra(deps, 'old'), context);
};

/**
 * Starts the new version anew without the setting that it had beside the old one, and proves by a token that it keeps sessions encrypted
 * from now on. The command replaces one instance after the other, so that somebody serves all the while.
 *
 * Idempotent. @throws CutoverFault COMMAND_FAILED | PROCESS_NOT_READY | CHECK_FAILED (sessions are kept as they were)
 */
export const encryptAtRest: InPlaceStep<StepInput, void> = async (deps, input, context) => {
  await runCommand(deps, 'encrypt', input, context);
  await awaitReady(theHydra(deps, 'new'), context);
  const progress = { step: 'whether sessions are encrypted' };
  if (await waitFor(context, deps.settings.readyDeadlineMs, progress, () => keepsEncrypted(deps, context))) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    'the command encrypt succeeded, but the new version still keeps sessions that anybody who reads the database can read; start all of it without OAUTH2_SESSION_ENCRYPT_AT_REST=false, then try again',
  );
};

/** @returns false also while nobody answers: one instance after the other is replaced */
async function keepsEncrypted(deps: InPlaceDeps, context: StepContext): Promise<boolean> {
  const hydra = deps.hydra.new;
  const sessions = `${quoteIdentifier(deps.settings.schema)}.hydra_oauth2_access`;
  try {
    return await hydra.withSyntheticTokens(IN_PLACE_SIDE, async ({ accessToken }) => {
      const { client_id: client } = await hydra.introspection(IN_PLACE_SIDE, accessToken);
      const [kept] = await onLive(deps, context, (session) =>
        queryRows<{ all: number; plain: number }>(
          session,
          `SELECT count(*)::int AS all, count(*) FILTER (WHERE session_data LIKE '{%')::int AS plain FROM ${sessions} WHERE client_id = $1`,
          [client],
        ),
      );
      return kept !== undefined && kept.all > 0 && kept.plain === 0;
    });
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'HYDRA_UNREACHABLE') return false;
    throw error;
  }
}

async function assertShare({ gateways }: InPlaceDeps, allowed: number, so: string): Promise<void> {
  for (const gateway of gateways) {
    const share = await gateway.besideShare?.();
    if (share === allowed) continue;
    throw new CutoverFault(
      'CHECK_FAILED',
      `gateway ${gateway.name} gives the new version ${share ?? 'an unknown share'} % of the requests (allowed: ${allowed}): ${so}`,
      { name: gateway.name },
    );
  }
}

/** What the database keeps is gone by the time of `encrypt`, the last one. */
async function runInOrder(
  deps: InPlaceDeps,
  name: Exclude<InPlaceCommand, 'encrypt'>,
  input: StepInput,
  context: OrderedContext,
): Promise<void> {
  await onLive(deps, context, (client) => claimOrder(client, `the command ${name}`, context.order));
  await runCommand(deps, name, input, context);
}

function runCommand(
  deps: InPlaceDeps,
  name: InPlaceCommand,
  { cutoverId }: StepInput,
  { signal, heartbeat, order }: OrderedContext,
): Promise<void> {
  heartbeat({ step: name });
  // A program that is under way when its worker freezes cannot be called back from here; it can refuse itself.
  return mustRun(deps.commands, name, { env: { CUTOVER_ID: cutoverId, CUTOVER_ORDER: String(order) }, signal });
}

export function theHydra({ hydra, settings }: InPlaceDeps, age: HydraAge): HydraProcess {
  return {
    who: `the ${age} Hydra`,
    isReady: () => hydra[age].isReady(IN_PLACE_SIDE),
    deadlineMs: settings.readyDeadlineMs,
  };
}

/** One that logs in as the old version's role would look through the old version's views. */
async function assertOwnRole(deps: InPlaceDeps, context: StepContext): Promise<void> {
  const { newRole, readyDeadlineMs } = deps.settings;
  const moved = await onLive(deps, context, (client) =>
    sessionMoved(context, client, {
      ...{
        role: newRole,
        moment: 'query_start',
        deadlineMs: Math.min(PROOF_MS, readyDeadlineMs),
        step: 'whose sessions are it',
      },
      ask: () => deps.hydra.new.readClients(IN_PLACE_SIDE),
    }),
  );
  if (moved) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the new Hydra was asked for a client, and no session of role ${newRole} on the live database moved: its DSN names another role or another database; correct the command startBeside`,
    { role: newRole },
  );
}

async function assertTakes(deps: InPlaceDeps, issuer: HydraAge, asked: HydraAge): Promise<void> {
  await deps.hydra[issuer].withSyntheticTokens(IN_PLACE_SIDE, async ({ accessToken }) => {
    const own = await deps.hydra[issuer].introspection(IN_PLACE_SIDE, accessToken);
    const other = await deps.hydra[asked].introspection(IN_PLACE_SIDE, accessToken);
    const same = other['active'] === true && other['sub'] === own['sub'] && other['client_id'] === own['client_id'];
    if (same) return;
    throw new CutoverFault(
      'CHECK_FAILED',
      `an access token of the ${issuer} version is active ${String(other['active'])} at the ${asked} one, ${other['sub'] === own['sub'] ? 'with' : 'without'} its subject; the new version must run with OAUTH2_SESSION_ENCRYPT_AT_REST=false while both serve, and with the same secrets as the old one`,
      { issuer, asked },
    );
  });
}
