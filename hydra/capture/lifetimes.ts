import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { END_WHEN_SILENT } from '../end-when-silent';
import { hasOurs } from '../ours';
import { lockToWrite } from '../planted';
import { type SideName } from '../../domain/sides';

/**
 * Access-token lifespans of a client, by the grants that come with a refresh token. The same columns on both sides of every path, in
 * nanoseconds; null means the server's default.
 */
const COLUMNS = [
  'authorization_code_grant_access_token_lifespan',
  'refresh_token_grant_access_token_lifespan',
  'password_grant_access_token_lifespan',
] as const;

const NANOSECONDS_PER_MS = 1_000_000n;

/** Outside `hydra_cutover`: it travels to the target with the snapshot, and outlives the undo of the capture. */
const PREPARE = `CREATE SCHEMA hydra_cutover_lifetimes;
  REVOKE ALL ON SCHEMA hydra_cutover_lifetimes FROM PUBLIC;
  CREATE TABLE hydra_cutover_lifetimes.original (
    client_id   text NOT NULL,
    column_name text NOT NULL,
    original    bigint,
    extended    bigint NOT NULL,
    PRIMARY KEY (client_id, column_name)
  )`;

export interface LifetimesOptions {
  /** Of Hydra's tables. @default 'public' */
  readonly schema?: string;
  readonly side: SideName;
  /** A session that keeps what is ours, where the one that writes Hydra's rows may not. @default the same */
  readonly keeper?: SqlClient;
}

/**
 * Raises access-token lifespans of all clients that have a shorter one or the server's default, and keeps what they were.
 *
 * By SQL and not by the API, which replaces all lifespans of a client at once and cannot be told to leave a concurrent change
 * alone. Hydra reads clients from the database for each request. The rows are locked no more than an update does: with FOR UPDATE a
 * refresh under way, whose new token refers to its client, would end in a serialization failure, and Hydra answers 400 to that.
 * Idempotent. The server's default is not in the database: a lifespan below it would shorten tokens.
 * @param client writes Hydra's rows
 * @returns clients that are extended now
 * @throws CutoverFault CHECK_FAILED as {@link lockToWrite}; nothing was changed
 */
export async function raiseLifetimes(
  client: SqlClient,
  lifespanMs: number,
  { schema = 'public', side, keeper = client }: LifetimesOptions,
): Promise<number> {
  const table = `${quoteIdentifier(schema)}.hydra_client`;
  const prepare = async (): Promise<void> => {
    if (!(await isKept(keeper))) await keeper.query(PREPARE);
    await letKeep(keeper, client);
  };
  if (keeper !== client) await inTransaction(keeper, 'BEGIN', 'COMMIT', prepare);
  return inTransaction(client, `BEGIN; ${END_WHEN_SILENT}`, 'COMMIT', async () => {
    await lockToWrite(client, schema, side);
    if (keeper === client) await prepare();
    for (const column of COLUMNS) {
      await client.query(
        `WITH raised AS (
           SELECT id, ${column} AS original FROM ${table}
            WHERE (${column} IS NULL OR ${column} < $1) AND NOT EXISTS (
              SELECT 1 FROM hydra_cutover_lifetimes.original o WHERE o.client_id = id AND o.column_name = $2)
            FOR NO KEY UPDATE),
         kept AS (
           INSERT INTO hydra_cutover_lifetimes.original (client_id, column_name, original, extended)
           SELECT id, $2, original, $1 FROM raised)
         UPDATE ${table} c SET ${column} = $1 FROM raised r WHERE r.id = c.id`,
        [String(BigInt(lifespanMs) * NANOSECONDS_PER_MS), column],
      );
    }
    const [row] = await queryRows<{ clients: number }>(
      client,
      'SELECT count(DISTINCT client_id)::float8 AS clients FROM hydra_cutover_lifetimes.original',
    );
    return row?.clients ?? 0;
  });
}

/**
 * Gives back the lifespans that {@link raiseLifetimes} changed and nobody changed since, and then forgets them. Idempotent.
 *
 * @param client writes Hydra's rows
 * @returns clients that were given back one or more
 * @throws CutoverFault CHECK_FAILED as {@link lockToWrite}; nothing was changed
 */
export async function restoreRaisedLifetimes(
  client: SqlClient,
  { schema = 'public', side, keeper = client }: LifetimesOptions,
): Promise<number> {
  if (!(await isKept(keeper))) return 0;
  await letKeep(keeper, client);
  const table = `${quoteIdentifier(schema)}.hydra_client`;
  const restored = await inTransaction(client, `BEGIN; ${END_WHEN_SILENT}`, 'COMMIT', async () => {
    await lockToWrite(client, schema, side);
    const ids = new Set<string>();
    for (const column of COLUMNS) {
      const rows = await queryRows<{ id: string }>(
        client,
        `UPDATE ${table} c SET ${column} = o.original FROM hydra_cutover_lifetimes.original o
          WHERE o.client_id = c.id AND o.column_name = $1 AND c.${column} = o.extended RETURNING c.id`,
        [column],
      );
      for (const { id } of rows) ids.add(id);
    }
    return ids;
  });
  await forgetLifetimes(keeper);
  return restored.size;
}

/** The one that writes Hydra's rows reads and notes what they were. */
async function letKeep(keeper: SqlClient, client: SqlClient): Promise<void> {
  if (keeper === client) return;
  const [by] = await queryRows<{ name: string }>(client, 'SELECT quote_ident(current_user) AS name');
  await keeper.query(
    `GRANT USAGE ON SCHEMA hydra_cutover_lifetimes TO ${by?.name ?? ''};
     GRANT SELECT, INSERT ON hydra_cutover_lifetimes.original TO ${by?.name ?? ''}`,
  );
}

/** Forgets what lifespans were, without giving them back: for a side that serves nobody any more. Idempotent. */
export async function forgetLifetimes(client: SqlClient): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS hydra_cutover_lifetimes CASCADE');
}

async function isKept(client: SqlClient): Promise<boolean> {
  return hasOurs(client, 'hydra_cutover_lifetimes.original');
}
