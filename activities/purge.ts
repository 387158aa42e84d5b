import { CutoverFault } from '../domain/faults';
import { type DatabaseSession } from '../domain/ports/databases';
import { queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { describeArbiter, readOutcome } from '../hydra/arbiter';
import { assertNoneForeign } from '../hydra/ours';
import { snapshotIdOf } from './green/names';
import { assertTargetsServe } from './green/read-targets';
import { removeSnapshot } from './snapshot';
import { type Step } from './step';

export interface PurgeReceipt {
  /** What was removed, where; empty when nothing of ours was left. */
  readonly removed: readonly { readonly what: string; readonly where: string }[];
}

/** What of ours stays on a blue that was left: its guard, and the row that says that the writes left it. */
const KEPT_ON_BLUE = ['hydra_cutover', 'hydra_cutover_barrier', 'hydra_cutover_asks'];

/**
 * Removes what a finished cutover left of people's data and of ours: the snapshot, the archives and whatever schema of ours is on
 * green; of blue all but the guard and the committed row, without which a Hydra or a gateway that is started there would write to it.
 *
 * Refused while a gateway would start by blue: each has to say, now, that it serves green under the committed epoch. Idempotent.
 * @throws CutoverFault CHECK_FAILED (not this cutover's blue, not finalized, or a schema of our names that is not ours) |
 *   TARGET_FELL_BACK | TARGET_UNREACHABLE (retryable) | DB_UNREACHABLE | a fault of the provider
 */
export const purge: Step<StepInput, PurgeReceipt> = async (deps, { cutoverId }, context) => {
  const session = { signal: context.signal, purpose: 'purge' };
  const { databases, provider } = deps;
  const { blueInstanceId, greenInstanceId } = deps.settings.provider;
  const epoch = await databases.withSession('blue', (blue) => assertFinalized(blue, cutoverId), session);
  await databases.withSession('green', (green) => assertNoArbiter(green), session);
  await assertTargetsServe(deps, epoch, 'purge');
  const removed: PurgeReceipt['removed'][number][] = [];
  const note = (schemas: readonly string[], where: string): void =>
    void removed.push(...schemas.map((what) => ({ what: `schema ${what}`, where })));
  note(await databases.withSession('green', (green) => dropOurs(green, []), session), `instance ${greenInstanceId}`);
  note(
    await databases.withSession('blue', (blue) => dropOurs(blue, KEPT_ON_BLUE), session),
    `instance ${blueInstanceId}`,
  );
  await databases.withSession('blue', forgetPeople, session);
  const snapshotId = snapshotIdOf(cutoverId);
  if ((await provider.describeSnapshot(snapshotId)) !== undefined) {
    await removeSnapshot(deps, cutoverId, context);
    removed.push({ what: "blue's rows of before the migration", where: `snapshot ${snapshotId}` });
  }
  return { removed };
};

async function assertFinalized(blue: DatabaseSession, cutoverId: string): Promise<number> {
  const found = await describeArbiter(blue);
  const isMoved = found?.cutoverId === cutoverId && found.side === 'blue' && found.state === 'committed';
  if (isMoved && (await readOutcome(blue)).finalized) return found.epoch;
  const seen = found === undefined ? 'no arbiter' : `${found.state}, ${found.side} of cutover ${found.cutoverId}`;
  throw new CutoverFault(
    'CHECK_FAILED',
    `cutover ${cutoverId} is not finalized by the word of the database reached as blue (${seen}); nothing was removed. Finalize it first, or correct blue.database`,
    { cutoverId },
  );
}

/** Green may be blue of the next cutover by now, and what is there is that one's. */
async function assertNoArbiter(green: DatabaseSession): Promise<void> {
  const found = await describeArbiter(green);
  if (found === undefined) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `green is the ${found.side} side of cutover ${found.cutoverId} (${found.state}); nothing was removed. Bring that cutover to its end first`,
    { cutoverId: found.cutoverId },
  );
}

/** Names of people and of gateways, and what is needed for an attempt that can never be. The committed row stays. */
async function forgetPeople(blue: DatabaseSession): Promise<void> {
  await blue.query(
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
