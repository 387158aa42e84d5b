import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import {
  type CompatibilityPlace,
  endIdleOldSessions,
  ledElsewhere,
  type OldSessions,
  oldSessions,
} from '../../hydra/in-place/compatibility';
import { layMarks } from '../../hydra/in-place/session-marks';
import { type StepContext } from '../step';
import { type InPlaceDeps, IN_PLACE_SIDE } from './deps';

const POLL_MS = 200;
/** Sessions come and go: one look could fall between two of them. */
const CLEAN_LOOKS = 3;
/** No session is that long between preparing a statement and running it, and one that is asked for clients again has its mark by then. */
const STAYS_MS = 1_500;
const PROOF_MS = 20_000;
const LEADS_AROUND =
  'its DSN names a search_path of its own, it logs in as another role, or a pooler keeps older settings; correct that';

/**
 * {@link awaitRecycled}, then proof by a question to the old version itself that its sessions look into the views.
 *
 * @throws CutoverFault LOCK_BUSY | CHECK_FAILED (they look elsewhere all the same) | HYDRA_UNREACHABLE
 */
export async function recycleOldSessions(
  deps: InPlaceDeps,
  client: SqlClient,
  place: CompatibilityPlace,
  since: string,
  context: StepContext,
): Promise<OldSessions> {
  await layMarks(client, place);
  await awaitRecycled(deps, client, place, since, context);
  return proveOldSessions(deps, client, place, since, context);
}

/**
 * Waits until every session of the old version began after `since`, so that it has the settings from then on.
 *
 * A session that began before is waited for (`max_conn_lifetime` in the old version's DSN ends it without an error), or ended while
 * it does nothing. One round would miss those that are busy, so it goes on until none is left.
 * @param from sessions that began before it are let be, too: on the way back those that never had the settings
 * @throws CutoverFault LOCK_BUSY (some do not end in time)
 */
export async function awaitRecycled(
  deps: InPlaceDeps,
  client: SqlClient,
  place: CompatibilityPlace,
  since: string,
  context: StepContext,
  from: string | null = null,
): Promise<void> {
  const { how, deadlineMs } = deps.settings.recycle;
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    context.signal.throwIfAborted();
    const seen = await oldSessions(client, place, since, from);
    context.heartbeat({ step: 'recycling', ...seen });
    if (seen.before === 0) return;
    if (Date.now() > deadline) throw stillThere(seen, place, deadlineMs, how);
    if (how === 'terminate') await endIdleOldSessions(client, place, since, from);
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
}

/**
 * Asks the old version for its clients until all of its sessions that did so went through the views, several looks in a row.
 *
 * @throws CutoverFault CHECK_FAILED | HYDRA_UNREACHABLE
 */
async function proveOldSessions(
  deps: InPlaceDeps,
  client: SqlClient,
  place: CompatibilityPlace,
  since: string,
  context: StepContext,
): Promise<OldSessions> {
  const { signal } = context;
  const deadline = Date.now() + PROOF_MS;
  const staying = new StayingAround();
  let seen: OldSessions;
  for (let clean = 0; ;) {
    signal.throwIfAborted();
    await deps.hydra.old.readClients(IN_PLACE_SIDE);
    seen = await oldSessions(client, place, since);
    context.heartbeat({ step: 'through the views', ...seen });
    clean = seen.marked > 0 && seen.around.length === 0 ? clean + 1 : 0;
    if (clean >= CLEAN_LOOKS) return seen;
    if (staying.count(seen.around) > 0 || Date.now() > deadline) break;
    await sleep(POLL_MS, undefined, { signal });
  }
  const around = seen.around.length;
  const observed =
    around > 0
      ? `${around} sessions of role ${place.oldRole} asked for clients and did not go through the views`
      : `the old Hydra was asked for its clients, and no session of role ${place.oldRole} went through the views`;
  throw new CutoverFault('CHECK_FAILED', `${observed}: ${LEADS_AROUND} and start it anew, then try again`, {
    around,
    marked: seen.marked,
  });
}

/**
 * What leads the old version past the views while it serves: somebody set its role back, or started one with another DSN.
 */
export class WatchedViews {
  readonly #staying = new StayingAround();

  /** @returns what is wrong, with what to do; null when its sessions go through the views */
  async look(client: SqlClient, place: CompatibilityPlace): Promise<string | null> {
    const { oldRole } = place;
    const statement = await ledElsewhere(client, place);
    if (statement !== null) {
      return `the search_path of role ${oldRole} was set back, so that new sessions of the old version look past the views: ${statement}, then end its sessions`;
    }
    const around = this.#staying.count((await oldSessions(client, place, new Date(0).toISOString())).around);
    if (around === 0) return null;
    return `${around} sessions of role ${oldRole} asked for clients and did not go through the views: ${LEADS_AROUND} and start it anew`;
  }
}

/** Sessions that were seen to go around the views in several looks. */
class StayingAround {
  readonly #since = new Map<number, number>();

  /** @param around processes, as they are seen now @returns how many of them have been seen for too long */
  count(around: readonly number[]): number {
    for (const pid of this.#since.keys()) if (!around.includes(pid)) this.#since.delete(pid);
    for (const pid of around) if (!this.#since.has(pid)) this.#since.set(pid, Date.now());
    return [...this.#since.values()].filter((at) => Date.now() - at >= STAYS_MS).length;
  }
}

function stillThere(seen: OldSessions, { oldRole }: CompatibilityPlace, deadlineMs: number, how: string): CutoverFault {
  const fix =
    how === 'wait'
      ? 'set max_conn_lifetime in the DSN of the old Hydra, or inPlace.recycle.how to terminate'
      : 'look for transactions of it that stay open (pg_stat_activity)';
  return new CutoverFault(
    'LOCK_BUSY',
    `${seen.before} sessions of role ${oldRole} (${seen.beforeIdle} of them idle) that began before the switch are still there after ${deadlineMs} ms (allowed 0); ${fix}`,
    { sessions: seen.before, idle: seen.beforeIdle },
  );
}
