import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../../hydra/cleaning/session';
import { hasSqlState } from '../../hydra/sql-state';
import { type KeyMadeAgain } from './check-catalog';
import { type Findings } from './findings';
import { type Direction } from '../../domain/sides';

/** For one key. A table without it is read from end to end and sorted. */
const LIMIT_MS = 60_000;

/**
 * Where the left side lacks a unique key of Hydra's and the entered one is given it again, no two rows may have it alike: else the run would end on the copy.
 *
 * @param client reads Hydra's rows
 */
export async function checkKeysMadeAgain(
  { from, to }: Direction,
  client: SqlClient,
  keys: readonly KeyMadeAgain[],
  findings: Findings,
): Promise<void> {
  for (const { object, table, columns, statements } of keys) {
    const where = `${object} on ${from}`;
    const twice = await readTwice(client, table, columns);
    const rest = `DELETE FROM ${table} for all but one of each, then ${statements.join('; ')}`;
    if (twice === null) {
      const unknown = `has to be made again on ${to}, and whether rows have (${columns}) alike was not known within ${LIMIT_MS / 1_000} s`;
      findings.warn(where, unknown, `if there are any, the run ends on the copy: ${rest}`);
    } else if (twice > 0) {
      findings.problem(
        where,
        `has to be made again on ${to}, and ${twice} values of (${columns}) stand in several rows`,
        rest,
        '0',
      );
    }
  }
}

/** @returns how many values are there several times; null when there was no time to see */
async function readTwice(client: SqlClient, table: string, columns: string): Promise<number | null> {
  const isKey = columns.split(', ').map((column) => `${column} IS NOT NULL`);
  return inTransaction(client, 'BEGIN READ ONLY', 'ROLLBACK', async () => {
    await client.query(`SET LOCAL statement_timeout = ${LIMIT_MS}`);
    const [row] = await queryRows<{ twice: number }>(
      client,
      `SELECT count(*)::float8 AS twice FROM (
         SELECT FROM ${table} WHERE ${isKey.join(' AND ')} GROUP BY ${columns} HAVING count(*) > 1) AS several`,
    );
    return row?.twice ?? 0;
  }).catch((error: unknown) => {
    if (hasSqlState(error, 'canceled')) return null;
    throw error;
  });
}
