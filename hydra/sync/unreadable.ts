import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction } from '../../domain/sides';
import { type CopyPath } from '../paths/copy-path';
import { type NamedKeys } from './log-keys';

const NAMES_SHOWN = 10;

/**
 * Says which consents of a part of the log keep it from being carried, outside of the transaction that failed. A consent's challenge
 * opens nothing once it was answered, and only answered ones have claims.
 *
 * @throws CutoverFault ROW_UNREADABLE with the challenges; any other error as it is
 */
export async function nameUnreadable(
  {
    path: { unreadableSql },
    direction,
    from,
  }: { readonly path: CopyPath; readonly direction: Direction; readonly from: SqlClient },
  named: NamedKeys,
  error: unknown,
): Promise<never> {
  if (!isCutoverFault(error) || error.code !== 'ROW_UNREADABLE' || unreadableSql === undefined) throw error;
  const rows = await queryRows<{ challenge: string; all: number }>(from, `${unreadableSql} LIMIT ${NAMES_SHOWN}`, [
    [...named.consents],
    [...named.logins],
  ]);
  if (rows.length === 0) throw error;
  const consents = rows.map(({ challenge }) => challenge);
  const all = rows[0]?.all ?? consents.length;
  const more = all > consents.length ? ` and ${all - consents.length} more` : '';
  throw new CutoverFault(
    'ROW_UNREADABLE',
    `${error.message}; consents on ${direction.from}: ${consents.join(', ')}${more}`,
    {
      ...error.details,
      consents,
      rows: all,
    },
  );
}
