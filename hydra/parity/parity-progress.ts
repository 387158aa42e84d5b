import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { sqlFile } from '../sql-file';
import { type CopyPath, type KeyRange } from '../paths/copy-path';
import { type ComparedRange } from './compare-range';
import { type Walk, walksOf } from './walks';
import { hasOurs } from '../ours';

/** How far one walk is. */
export interface WalkProgress {
  readonly walk: Walk;
  /** Null: it is not under way. */
  readonly passBegan: string | null;
  readonly after: string | null;
  /** Null: it was never through. */
  readonly provenSince: string | null;
  /** Looked at in the pass that is under way, else in the last one. */
  readonly rows: number;
}

export interface UnequalRange {
  readonly id: string;
  readonly walk: Walk;
  readonly range: KeyRange;
}

/** What is proven of the target, by the clock of its database. */
export interface ParityProof {
  /** Every row of the source and the target was compared after this moment; null: not every one was. ISO 8601. */
  readonly provenSince: string | null;
  /** Age of that moment. */
  readonly ageMs: number | null;
  /** Rows of the source, by table of the target, that the last pass through each saw. */
  readonly tables: Readonly<Record<string, number>>;
  /** Ranges that have to be looked at again after a round. */
  readonly unequal: number;
  /** Rows that differed after every round, and hashes of their keys. */
  readonly differences: number;
  readonly examples: readonly string[];
}

/** Idempotent. Needs the schema hydra_cutover. @param to a session of the schema's owner */
export async function installParityTables(path: CopyPath, to: SqlClient): Promise<void> {
  await inTransaction(to, 'BEGIN', 'COMMIT', async () => {
    // Two at once take turns. No advisory lock: anybody may hold one whose key is known, for ever.
    await to.query('LOCK TABLE hydra_cutover.run IN SHARE UPDATE EXCLUSIVE MODE');
    await to.query(sqlFile(__dirname, 'parity-tables.sql'));
    await to.query('INSERT INTO hydra_cutover.parity_walk (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [
      walksOf(path).map(({ name }) => name),
    ]);
  });
}

/** Forgets everything that was proven or found: all of it is to be compared anew. */
export async function forgetProofs(to: SqlClient): Promise<void> {
  await inTransaction(to, 'BEGIN', 'COMMIT', async () => {
    await to.query('DELETE FROM hydra_cutover.parity_unequal');
    await to.query(
      `UPDATE hydra_cutover.parity_walk
          SET pass_began = NULL, after = NULL, pass_rows = 0, proven_since = NULL, proven_rows = 0`,
    );
  });
}

/** @returns all walks: those under way first, then those never through, then the one whose proof is oldest */
export async function readWalks(path: CopyPath, to: SqlClient): Promise<WalkProgress[]> {
  const walks = walksOf(path);
  const rows = await queryRows<{
    name: string;
    passBegan: string | null;
    after: string | null;
    provenSince: string | null;
    rows: number;
  }>(
    to,
    `SELECT name, to_jsonb(pass_began) #>> '{}' AS "passBegan", after, to_jsonb(proven_since) #>> '{}' AS "provenSince",
            (CASE WHEN pass_began IS NULL THEN proven_rows ELSE pass_rows END)::float8 AS rows
       FROM hydra_cutover.parity_walk ORDER BY pass_began NULLS LAST, proven_since NULLS FIRST, name`,
  );
  return rows.flatMap(({ name, ...progress }) => {
    const walk = walks.find((known) => known.name === name);
    return walk === undefined ? [] : [{ walk, ...progress }];
  });
}

/** Before the first range of a pass is read; goes on with one that is under way. */
export async function beginPass(to: SqlClient, { name }: Walk): Promise<void> {
  await to.query(
    `UPDATE hydra_cutover.parity_walk SET pass_began = clock_timestamp(), after = NULL, pass_rows = 0
      WHERE name = $1 AND pass_began IS NULL`,
    [name],
  );
}

/** One statement, so that a range that differed is never counted as looked at without standing there to be looked at again. */
export async function noteRange(to: SqlClient, { name }: Walk, { range, from, equal }: ComparedRange): Promise<void> {
  await to.query(
    `WITH noted AS (
       INSERT INTO hydra_cutover.parity_unequal (walk, after, up_to) SELECT $1, $2, $3 WHERE NOT $5
     )
     UPDATE hydra_cutover.parity_walk SET
       after = $3,
       pass_rows = CASE WHEN $3::text IS NULL THEN 0 ELSE pass_rows + $4 END,
       proven_rows = CASE WHEN $3::text IS NULL THEN pass_rows + $4 ELSE proven_rows END,
       proven_since = CASE WHEN $3::text IS NULL THEN pass_began ELSE proven_since END,
       pass_began = CASE WHEN $3::text IS NOT NULL THEN pass_began END
     WHERE name = $1 AND after IS NOT DISTINCT FROM $2`,
    [name, range.after, range.upTo, from.rows, equal],
  );
}

export async function readUnequal(path: CopyPath, to: SqlClient): Promise<UnequalRange[]> {
  const walks = walksOf(path);
  const rows = await queryRows<{ id: string; name: string; after: string | null; upTo: string | null }>(
    to,
    'SELECT id::text AS id, walk AS name, after, up_to AS "upTo" FROM hydra_cutover.parity_unequal ORDER BY id',
  );
  return rows.flatMap(({ id, name, after, upTo }) => {
    const walk = walks.find((known) => known.name === name);
    return walk === undefined ? [] : [{ id, walk, range: { after, upTo } }];
  });
}

export async function forgetUnequal(to: SqlClient, { id }: UnequalRange): Promise<void> {
  await to.query('DELETE FROM hydra_cutover.parity_unequal WHERE id = $1', [id]);
}

/** @param examples tables and hashes of keys */
export async function noteLasting(
  to: SqlClient,
  { id }: UnequalRange,
  lasting: number,
  examples: readonly string[],
): Promise<void> {
  await to.query('UPDATE hydra_cutover.parity_unequal SET lasting = $2, examples = $3 WHERE id = $1', [
    id,
    lasting,
    JSON.stringify(examples),
  ]);
}

/** What is proven, as far as anything was compared. */
export async function readProof(path: CopyPath, to: SqlClient): Promise<ParityProof> {
  const none: ParityProof = { provenSince: null, ageMs: null, tables: {}, unequal: 0, differences: 0, examples: [] };
  if (!(await hasOurs(to, 'hydra_cutover.parity_unequal'))) return none;
  const [proof] = await queryRows<Omit<ParityProof, 'tables'> & { rows: Readonly<Record<string, number>> }>(
    to,
    `SELECT to_jsonb(since) #>> '{}' AS "provenSince",
            round(extract(epoch FROM clock_timestamp() - since) * 1000)::float8 AS "ageMs", rows, unequal, differences, examples
       FROM (SELECT CASE WHEN bool_and(proven_since IS NOT NULL) THEN min(proven_since) END AS since,
                    coalesce(jsonb_object_agg(name, proven_rows), '{}') AS rows FROM hydra_cutover.parity_walk) AS walks,
            (SELECT count(*)::float8 AS unequal, coalesce(sum(lasting), 0)::float8 AS differences
               FROM hydra_cutover.parity_unequal) AS ranges,
            (SELECT coalesce(jsonb_agg(example), '[]') AS examples FROM (
               SELECT example FROM hydra_cutover.parity_unequal, jsonb_array_elements(examples) AS one(example) LIMIT 20) AS first) AS named`,
  );
  if (proof === undefined) throw new Error('an aggregate gave no row');
  const { rows, ...rest } = proof;
  const tables: Record<string, number> = {};
  for (const { name, table } of walksOf(path)) tables[table.name] = (tables[table.name] ?? 0) + (rows[name] ?? 0);
  return { ...rest, tables };
}
