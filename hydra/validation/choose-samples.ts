import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { CANARY_NAME_PREFIX } from '../../domain/ports/canary-user';
import { type SourceConsents } from '../paths/copy-path';

/** The canary user of a cutover comes and goes with it, and is looked at by himself. */
const NO_CANARY = `NOT LIKE '${CANARY_NAME_PREFIX}%'`;

/** So many rows are looked at for each subject that is wanted. */
const ROWS_PER_SUBJECT = 20;
const POOL_MAX = 2_000;
/** Hydra lists them in pages and counts past all that come before: a subject with 100,000 would be asked for hours. */
const CONSENTS_MAX = 1_000;

/**
 * Picks subjects with some consents at random, a third of them from those with the most clients. Reads a sample of blocks, so
 * that a large table is not read as a whole.
 */
export async function chooseSubjects(
  { table, condition }: SourceConsents,
  from: SqlClient,
  wanted: number,
): Promise<readonly string[]> {
  const [size] = await queryRows<{ percent: number }>(
    from,
    `SELECT least(100, 100.0 * $1 / greatest(reltuples, 1))::float8 AS percent FROM pg_class
      WHERE oid = '${table}'::regclass`,
    [wanted * ROWS_PER_SUBJECT],
  );
  const rows = await queryRows<{ subject: string }>(
    from,
    `WITH pool AS MATERIALIZED (
       SELECT DISTINCT subject FROM (
         SELECT subject FROM ${table} TABLESAMPLE SYSTEM ($1) WHERE subject <> '' AND subject ${NO_CANARY} AND ${condition} LIMIT $2) AS picked
     ), counted AS MATERIALIZED (
       SELECT pool.subject, few.clients FROM pool, LATERAL (
         SELECT count(*) AS consents, count(DISTINCT client_id) AS clients FROM (
           SELECT client_id FROM ${table} AS consent WHERE consent.subject = pool.subject AND ${condition} LIMIT $4 + 1) AS first
       ) AS few WHERE few.consents <= $4
     )
     (SELECT subject FROM counted ORDER BY clients DESC, random() LIMIT ceil($3::numeric / 3))
     UNION (SELECT subject FROM counted ORDER BY random() LIMIT $3) LIMIT $3`,
    [size?.percent ?? 100, POOL_MAX, wanted, CONSENTS_MAX],
  );
  return rows.map(({ subject }) => subject);
}

export async function chooseClients(from: SqlClient, wanted: number): Promise<readonly string[]> {
  const rows = await queryRows<{ id: string }>(
    from,
    `SELECT id FROM hydra_client WHERE id ${NO_CANARY} ORDER BY random() LIMIT $1`,
    [wanted],
  );
  return rows.map(({ id }) => id);
}
