import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';

/** A transaction that lives longer may still be open when the fence asks for its lock. */
const LONG_MS = 2_000;

/** What would keep the fence waiting on the left side. */
export interface Blockers {
  /** How long the oldest transaction that wrote was open; null: none was. */
  readonly longestWriteMs: number | null;
  /** Those that are open for long, and prepared transactions. */
  readonly problems: readonly string[];
}

/** Autovacuum takes no lock that the fence asks for. */
export async function blockersOf(left: SqlClient, side: SideName): Promise<Blockers> {
  const open = await queryRows<{ pid: number; openMs: number; state: string | null }>(
    left,
    `SELECT pid, round(1000 * extract(epoch FROM clock_timestamp() - xact_start))::float8 AS "openMs", state
       FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL AND xact_start IS NOT NULL
        AND backend_type IS DISTINCT FROM 'autovacuum worker'
      ORDER BY xact_start LIMIT 20`,
  );
  const prepared = await queryRows<{ prepared: number }>(
    left,
    'SELECT count(*)::float8 AS prepared FROM pg_prepared_xacts WHERE database = current_database()',
  );
  const count = prepared[0]?.prepared ?? 0;
  const long = open.filter(({ openMs }) => openMs > LONG_MS);
  return {
    longestWriteMs: open[0]?.openMs ?? null,
    problems: [
      ...long.map(
        ({ pid, openMs, state }) =>
          `session ${pid} on ${side} writes in a transaction that is open for ${Math.round(openMs / 1_000)} s (${state ?? 'state not visible'}); the fence would wait for it`,
      ),
      ...(count === 0
        ? []
        : [`${count} prepared transactions on ${side}; the fence would wait for them: commit or roll them back`]),
    ],
  };
}
