import { CutoverFault } from '../../domain/faults';
import { type OnlinePlan } from '../../domain/in-place/online-plan';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { type Planted, plantedOn } from '../planted';
import { sqlFile } from '../sql-file';
import { IN_PLACE_SCHEMA } from './our-schemas';

/** What the database says of the upgrade: whoever comes next goes on from here. */
export interface KeptRun {
  readonly cutoverId: string;
  readonly plan: OnlinePlan;
  /** ISO-8601; null: the old version's sessions do not look into the compatibility schema. */
  readonly switchedAt: string | null;
  /** null: no act was begun, and the old version can do without its views. */
  readonly begunAt: string | null;
  readonly bookedAt: string | null;
  readonly actsDone: number;
}

/** @returns undefined when nothing of ours is there. @throws CutoverFault CHECK_FAILED when our role may not look */
export async function readKeptRun(client: SqlClient): Promise<KeptRun | undefined> {
  if (!(await assertNotOthers(client))) return undefined;
  const [run] = await queryRows<KeptRun>(
    client,
    `SELECT cutover_id AS "cutoverId", plan, to_json(switched_at)#>>'{}' AS "switchedAt",
            to_json(begun_at)#>>'{}' AS "begunAt", to_json(booked_at)#>>'{}' AS "bookedAt",
            (SELECT count(*)::int FROM ${IN_PLACE_SCHEMA}.act WHERE done_at IS NOT NULL) AS "actsDone"
       FROM ${IN_PLACE_SCHEMA}.run`,
  );
  return run;
}

/**
 * Before anything in our schema is read or written.
 *
 * @returns whether a run is kept there @throws CutoverFault CHECK_FAILED when our role may not look, or others have put something there
 */
export async function assertNotOthers(client: SqlClient): Promise<boolean> {
  const [there] = await queryRows<{ known: boolean | null; owner: string }>(
    client,
    // Into a schema of others our role may not look, and a name in it is an error.
    `SELECT CASE WHEN has_schema_privilege(oid, 'USAGE') THEN to_regclass('${IN_PLACE_SCHEMA}.run') IS NOT NULL END AS known,
            pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = '${IN_PLACE_SCHEMA}'`,
  );
  if (there === undefined) return false;
  if (there.known === null) throw keptByOthers(there.owner);
  const tables = ['run', 'act', 'actor'];
  const planted = await plantedOn(client, { schema: IN_PLACE_SCHEMA, tables, isWritten: true });
  if (planted.length > 0) throw madeByOthers(there.owner, planted);
  return there.known;
}

/**
 * Keeps the plan that a person approved. Idempotent; a run that finds the plan of an earlier one begun adopts it, because
 * going on is the only way from there. For a session that acts alone.
 *
 * @throws CutoverFault CUTOVER_RUNNING when acts of another plan were begun
 */
export async function keepPlan(client: SqlClient, cutoverId: string, plan: OnlinePlan): Promise<KeptRun> {
  await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    await client.query(sqlFile(__dirname, 'keep-plan.sql'));
    const kept = await readKeptRun(client);
    if (kept !== undefined && kept.begunAt !== null) {
      if (!samePlan(kept.plan, plan)) throw otherPlan(kept);
      await client.query(`UPDATE ${IN_PLACE_SCHEMA}.run SET cutover_id = $1`, [cutoverId]);
      return;
    }
    await client.query(`DELETE FROM ${IN_PLACE_SCHEMA}.act`);
    await client.query(
      `INSERT INTO ${IN_PLACE_SCHEMA}.run (cutover_id, plan) VALUES ($1, $2)
       ON CONFLICT (one) DO UPDATE SET cutover_id = $1, plan = $2, booked_at = NULL`,
      [cutoverId, JSON.stringify(plan)],
    );
    await client.query(`INSERT INTO ${IN_PLACE_SCHEMA}.act (number) SELECT generate_series(0, $1::int - 1)`, [
      plan.acts.length,
    ]);
  });
  const kept = await readKeptRun(client);
  if (kept === undefined) throw new CutoverFault('INTERNAL', 'the plan that was just kept is gone');
  return kept;
}

/** What is done counts by its place in the plan. */
function samePlan(one: OnlinePlan, other: OnlinePlan): boolean {
  const essence = ({ from, to, acts }: OnlinePlan) => JSON.stringify([from, to, acts.map(sorted)]);
  return essence(one) === essence(other);
}

/** The database keeps the fields of an object in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [name, sorted(field)] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function otherPlan({ cutoverId, plan, actsDone }: KeptRun): CutoverFault {
  return new CutoverFault(
    'CUTOVER_RUNNING',
    `the schema ${IN_PLACE_SCHEMA} has ${actsDone} of ${plan.acts.length} acts of another plan done (Hydra ${plan.from} to ${plan.to}, run ${cutoverId}); go on with the versions of that plan`,
    { cutoverId, actsDone },
  );
}

function madeByOthers(owner: string, planted: readonly Planted[]): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `the schema ${IN_PLACE_SCHEMA}, which belongs to ${owner}, has what we did not make and what would run with our rights: ${planted.map(({ what }) => what).join('; ')}; nothing of it was read. Find out who made it, then rename the schema`,
    { schema: IN_PLACE_SCHEMA, owner },
  );
}

function keptByOthers(owner: string): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `the schema ${IN_PLACE_SCHEMA} belongs to ${owner}, and our role may not look into it: if an earlier try logged in as that role, GRANT ${owner} to our role, and it goes on there; if it is somebody's, rename it`,
    { schema: IN_PLACE_SCHEMA, owner },
  );
}
