import { CutoverFault } from '../domain/faults';
import { type DatabaseSession } from '../domain/ports/databases';
import { queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { describeArbiter, readOutcome } from '../hydra/arbiter';
import { assertNoneForeign } from '../hydra/ours';
import { snapshotIdOf } from './support/names';
import { assertTargetsServe } from './support/read-targets';
import { removeSnapshot } from './snapshot';
import { type Step } from './step';
import { instanceIdOf } from './support/of-side';
import { type SideName } from '../domain/sides';

export interface PurgeReceipt {
  /** What was removed, where; empty when nothing of ours was left. */
  readonly removed: readonly { readonly what: string; readonly where: string }[];
}

/** What of ours stays on the side that was left: its guard, and the row that says that the writes left it. */
const KEPT_ON_LEFT = ['hydra_cutover', 'hydra_cutover_barrier', 'hydra_cutover_asks'];

/**
 * Removes what a finished cutover left of people's data and of ours: the snapshot, the archives and whatever schema of ours is on
 * the entered side; of the left one all but the guard and the committed row, without which a Hydra or a gateway that is started there would write to it.
 *
 * Refused while a gateway would start by the left side: each has to say, now, that it serves the entered one under the committed epoch.
 * Idempotent.
 * @throws CutoverFault CHECK_FAILED (not the left side of this cutover, not finalized, or a schema of our names that is not ours) |
 *   TARGET_FELL_BACK | TARGET_UNREACHABLE (retryable) | DB_UNREACHABLE | a fault of the provider
 */
export const purge: Step<StepInput, PurgeReceipt> = async (deps, { cutoverId }, context) => {
  const session = { signal: context.signal, purpose: 'purge' };
  const { databases, provider } = deps;
  const { from, to } = deps.direction;
  const epoch = await databases.withSession(from, (left) => assertFinalized(left, cutoverId, from), session);
  await databases.withSession(to, (entered) => assertNoArbiter(entered, to), session);
  await assertTargetsServe(deps, epoch, 'purge');
  const removed: PurgeReceipt['removed'][number][] = [];
  const note = (schemas: readonly string[], where: string): void =>
    void removed.push(...schemas.map((what) => ({ what: `schema ${what}`, where })));
  for (const [side, kept] of [
    [to, []],
    [from, KEPT_ON_LEFT],
  ] as const) {
    const gone = await databases.withSession(side, (client) => dropOurs(client, kept), session);
    note(gone, `instance ${instanceIdOf(deps, side)}`);
  }
  await databases.withSession(from, forgetPeople, session);
  const snapshotId = snapshotIdOf(cutoverId);
  if ((await provider.describeSnapshot(snapshotId)) !== undefined) {
    await removeSnapshot(deps, cutoverId, context);
    removed.push({ what: `${from}'s rows of before the migration`, where: `snapshot ${snapshotId}` });
  }
  return { removed };
};

async function assertFinalized(left: DatabaseSession, cutoverId: string, side: SideName): Promise<number> {
  const found = await describeArbiter(left);
  const isMoved = found?.cutoverId === cutoverId && found.side === side && found.state === 'committed';
  if (isMoved && (await readOutcome(left)).finalized) return found.epoch;
  const seen = found === undefined ? 'no arbiter' : `${found.state}, ${found.side} of cutover ${found.cutoverId}`;
  throw new CutoverFault(
    'CHECK_FAILED',
    `cutover ${cutoverId} is not finalized by the word of the database reached as ${side} (${seen}); nothing was removed. Finalize it first, or correct ${side}.database`,
    { cutoverId },
  );
}

/** A next cutover may leave what this one entered, and what is there is that one's. */
async function assertNoArbiter(entered: DatabaseSession, side: SideName): Promise<void> {
  const found = await describeArbiter(entered);
  if (found === undefined) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${side} is the ${found.side} side of cutover ${found.cutoverId} (${found.state}); nothing was removed. Bring that cutover to its end first`,
    { cutoverId: found.cutoverId },
  );
}

/** Names of people and of gateways, and what is needed for an attempt that can never be. The committed row stays. */
async function forgetPeople(left: DatabaseSession): Promise<void> {
  await left.query(
    `DELETE FROM hydra_cutover.attempt WHERE state <> 'committed';
     DELETE FROM hydra_cutover.member;
     DROP TABLE IF EXISTS hydra_cutover.origin, hydra_cutover.beginning`,
  );
}

/** @returns names of the schemas that went */
async function dropOurs(client: DatabaseSession, kept: readonly string[]): Promise<readonly string[]> {
  const found = await queryRows<{ name: string; quoted: string }>(
    client,
    `SELECT nspname::text AS name, quote_ident(nspname) AS quoted FROM pg_catalog.pg_namespace
      WHERE nspname ~ '^hydra_cutover(_|$)' AND nspname <> ALL ($1::name[]) ORDER BY 1`,
    [kept],
  );
  await assertNoneForeign(
    client,
    found.map(({ name }) => name),
  );
  for (const { quoted } of found) await client.query(`DROP SCHEMA IF EXISTS ${quoted} CASCADE`);
  return found.map(({ name }) => name);
}
