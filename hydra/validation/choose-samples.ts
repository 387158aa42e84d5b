import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** So many rows are looked at for each subject that is wanted. */
const ROWS_PER_SUBJECT = 20;
const POOL_MAX = 2_000;

/**
 * Picks subjects with consents on 1.11.10 at random, a third of them from those with the most clients. Reads a sample of blocks, so
 * that a large table is not read as a whole.
 */
export async function chooseSubjects(blue: SqlClient, wanted: number): Promise<readonly string[]> {
  const [size] = await queryRows<{ percent: number }>(
    blue,
    `SELECT least(100, 100.0 * $1 / greatest(reltuples, 1))::float8 AS percent FROM pg_class
      WHERE oid = 'hydra_oauth2_consent_request'::regclass`,
    [wanted * ROWS_PER_SUBJECT],
  );
  const rows = await queryRows<{ subject: string }>(
    blue,
    `WITH pool AS MATERIALIZED (
       SELECT DISTINCT subject FROM (
         SELECT subject FROM hydra_oauth2_consent_request TABLESAMPLE SYSTEM ($1) WHERE subject <> '' LIMIT $2) AS picked
     ), counted AS MATERIALIZED (
       SELECT subject, count(DISTINCT client_id) AS clients FROM hydra_oauth2_consent_request JOIN pool USING (subject)
        GROUP BY subject
     )
     (SELECT subject FROM counted ORDER BY clients DESC, random() LIMIT ceil($3::numeric / 3))
     UNION (SELECT subject FROM counted ORDER BY random() LIMIT $3) LIMIT $3`,
    [size?.percent ?? 100, POOL_MAX, wanted],
  );
  return rows.map(({ subject }) => subject);
}

export async function chooseClients(blue: SqlClient, wanted: number): Promise<readonly string[]> {
  const rows = await queryRows<{ id: string }>(blue, 'SELECT id FROM hydra_client ORDER BY random() LIMIT $1', [
    wanted,
  ]);
  return rows.map(({ id }) => id);
}
