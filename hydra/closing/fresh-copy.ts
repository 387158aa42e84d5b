import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction } from '../../domain/sides';

/**
 * Refuses a database that cannot be a copy nobody has used yet: its server ran before the snapshot was made, or Hydra is logged in.
 * Both are so where the addresses of the source and the copy are swapped.
 *
 * @throws CutoverFault CROSSED_CONNECTION
 */
export async function assertFreshCopy(
  copy: SqlClient,
  options: { readonly direction: Direction; readonly snapshotAt: string | undefined; readonly hydraRole: string },
): Promise<void> {
  const [seen] = await queryRows<{ older: boolean | null; sessions: number }>(
    copy,
    `SELECT pg_postmaster_start_time() < $1::timestamptz AS older,
            (SELECT count(*)::float8 FROM pg_stat_activity
              WHERE datname = current_database() AND usename = $2 AND pid <> pg_backend_pid()) AS sessions`,
    [options.snapshotAt ?? null, options.hydraRole],
  );
  const sessions = seen?.sessions ?? 0;
  if (seen?.older !== true && sessions === 0) return;
  const why =
    seen?.older === true
      ? 'its server has run since before the snapshot was made'
      : `${sessions} sessions of Hydra's role ${options.hydraRole} are logged in`;
  const { from, to } = options.direction;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as ${to} is no fresh copy: ${why}; nothing was changed; check that the addresses of ${from} and ${to} are not swapped and that nothing uses ${to} yet`,
    { sessions },
  );
}
