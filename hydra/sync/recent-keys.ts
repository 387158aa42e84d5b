import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type ParitySelection } from '../parity';
import { type CopyPath } from '../paths/copy-path';
import { KEYED_TABLES, type LogRow, keyColumns, namedKeys } from './log-keys';

/** @returns the keys that the last changes of the source name, as far as they were carried, to be compared */
export async function readRecentKeys(path: CopyPath, from: SqlClient, changes: number): Promise<ParitySelection> {
  const log = await queryRows<LogRow>(
    from,
    `SELECT id::text AS id, at::text AS at, kind, table_name, old_key, new_key
       FROM hydra_cutover.change_log AS log WHERE done_at IS NOT NULL AND kind <> 'rewrite' ORDER BY log.id DESC LIMIT $1`,
    [changes],
  );
  const named = namedKeys(path, log);
  const flows = [
    ...[...named.logins].map((login_challenge) => ({ login_challenge })),
    ...[...named.consents].map((consent_challenge_id) => ({ consent_challenge_id })),
  ];
  const rows = KEYED_TABLES.map((table) => [
    table,
    named.rows[table].values().map((key) => {
      const columns = keyColumns(path, table);
      return Object.fromEntries(columns.map((column, index) => [column, key[index] ?? '']));
    }),
  ]);
  return { ...(Object.fromEntries(rows) as ParitySelection), hydra_oauth2_flow: flows };
}
