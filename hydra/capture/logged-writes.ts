import { LOGGED_WRITES, type LoggedWrite } from '../../domain/callers';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CopyPath } from '../paths/copy-path';

/** What is confirmed now. Of what comes after it {@link loggedSince} tells. */
export async function markLog(from: SqlClient): Promise<string> {
  const [row] = await queryRows<{ mark: string }>(from, 'SELECT pg_current_snapshot()::text AS mark');
  return row?.mark ?? '';
}

/**
 * Counts the writes that were confirmed since: by transactions, so that one which was under way then is not forgotten. Of the last minutes
 * alone, because what was done longer ago is pruned.
 */
export async function loggedSince(
  from: SqlClient,
  { captured }: CopyPath,
  mark: string,
): Promise<Readonly<Record<LoggedWrite, number>>> {
  const logins = captured.filter(({ flow }) => flow?.begins === 'login').map(({ table }) => table);
  const [row] = await queryRows<{ counts: number[] }>(
    from,
    `SELECT ARRAY[count(*) FILTER (WHERE kind = 'insert' AND table_name = 'hydra_oauth2_access'),
                  count(*) FILTER (WHERE kind = 'insert' AND table_name = ANY($2::text[])),
                  count(*) FILTER (WHERE kind IN ('insert', 'update', 'delete') AND table_name = 'hydra_client')]::float8[] AS counts
       FROM hydra_cutover.change_log WHERE NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)`,
    [mark, logins],
  );
  return Object.fromEntries(LOGGED_WRITES.map((what, at) => [what, row?.counts[at] ?? 0])) as Record<
    LoggedWrite,
    number
  >;
}
