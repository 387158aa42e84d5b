import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** A transaction that lives longer may still be open when the fence asks for its lock. */
const LONG_MS = 2_000;

/** @returns what would keep the fence waiting on this database: long transactions that wrote, prepared transactions */
export async function blockersOf(blue: SqlClient): Promise<string[]> {
  const long = await queryRows<{ pid: number; seconds: number; state: string | null }>(
    blue,
    `SELECT pid, round(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS seconds, state FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL
        AND xact_start < clock_timestamp() - $1 * interval '1 millisecond' ORDER BY xact_start LIMIT 20`,
    [LONG_MS],
  );
  const prepared = await queryRows<{ prepared: number }>(
    blue,
    'SELECT count(*)::float8 AS prepared FROM pg_prepared_xacts WHERE database = current_database()',
  );
  const count = prepared[0]?.prepared ?? 0;
  return [
    ...long.map(
      ({ pid, seconds, state }) =>
        `session ${pid} on blue writes in a transaction that is open for ${seconds} s (${state ?? 'state not visible'}); the fence would wait for it`,
    ),
    ...(count === 0
      ? []
      : [`${count} prepared transactions on blue; the fence would wait for them: commit or roll them back`]),
  ];
}
