import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type MigrationCosts } from '../../domain/receipts';

/** What the server has counted so far. */
export interface CostsSoFar {
  readonly counters: Readonly<Omit<MigrationCosts, 'walBytes'>>;
  /** Position in the write-ahead log. */
  readonly lsn: string;
}

/**
 * Reads the server's own counters of the session's database. They are of everything that was done there, ours too, and a session's are
 * complete once it has ended.
 *
 * Source: PostgreSQL manual, "The Cumulative Statistics System", pg_stat_database.
 */
export async function readCosts(client: SqlClient): Promise<CostsSoFar> {
  await client.query('SELECT pg_stat_clear_snapshot()');
  const [row] = await queryRows<CostsSoFar['counters'] & { lsn: string }>(
    client,
    `SELECT tup_inserted::float8 AS "rowsInserted", tup_updated::float8 AS "rowsUpdated", tup_deleted::float8 AS "rowsDeleted",
            temp_bytes::float8 AS "tempBytes", xact_commit::float8 AS commits, pg_current_wal_lsn()::text AS lsn
       FROM pg_stat_database WHERE datname = current_database()`,
  );
  if (row === undefined) throw new Error('pg_stat_database has no row of the database that we are in');
  const { lsn, ...counters } = row;
  return { counters, lsn };
}

/** @returns undefined where the counters went back meanwhile: somebody reset them, or the server crashed */
export async function costsSince(client: SqlClient, before: CostsSoFar): Promise<MigrationCosts | undefined> {
  const after = await readCosts(client);
  const [wal] = await queryRows<{ bytes: number }>(
    client,
    'SELECT pg_wal_lsn_diff($1::pg_lsn, $2::pg_lsn)::float8 AS bytes',
    [after.lsn, before.lsn],
  );
  const grown = (name: keyof CostsSoFar['counters']) => after.counters[name] - before.counters[name];
  const costs: MigrationCosts = {
    rowsInserted: grown('rowsInserted'),
    rowsUpdated: grown('rowsUpdated'),
    rowsDeleted: grown('rowsDeleted'),
    tempBytes: grown('tempBytes'),
    commits: grown('commits'),
    walBytes: wal?.bytes ?? -1,
  };
  return Object.values(costs).some((value) => value < 0) ? undefined : costs;
}
