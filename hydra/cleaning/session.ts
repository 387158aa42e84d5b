import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { CutoverFault } from '../../domain/faults';
import { sqlFile } from '../sql-file';
import { type CleaningRuleId, detectSql } from './rules';

export const DEFAULT_ARCHIVE_SCHEMA = 'hydra_cutover';

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Runs `work` in a transaction that is rolled back when it throws. @param end COMMIT, or ROLLBACK to leave nothing behind */
export async function inTransaction<T>(
  client: SqlClient,
  begin: string,
  end: 'COMMIT' | 'ROLLBACK',
  work: () => Promise<T>,
): Promise<T> {
  await client.query(begin);
  try {
    const result = await work();
    await client.query(end);
    return result;
  } catch (error) {
    // The first error says what happened; a connection that is gone cannot roll back and need not.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Makes the functions that the rules' SQL calls, in the session's temporary schema; for use inside a transaction. */
export async function createHelpers(client: SqlClient, archiveSchema: string): Promise<void> {
  const schema = quoteIdentifier(archiveSchema);
  const archive = `${schema}.archive`;
  const [found] = await queryRows<{ known: boolean }>(client, 'SELECT to_regclass($1) IS NOT NULL AS known', [archive]);
  const before =
    found?.known === true
      ? sqlFile(__dirname, 'sql/cleaned-before.sql', { schema })
      : sqlFile(__dirname, 'sql/never-cleaned.sql');
  // Estimates of these queries are high, and compiling them takes longer than running them.
  await client.query('SET LOCAL jit = off');
  await client.query(before);
  await createRowFunctions(client);
  await client.query(sqlFile(__dirname, 'sql/helpers.sql'));
}

/** Makes those of the functions that say what becomes of a row, in the session's temporary schema. */
export async function createRowFunctions(client: SqlClient): Promise<void> {
  await client.query(sqlFile(__dirname, 'sql/row-functions.sql'));
}

/** @throws CutoverFault CHECK_FAILED when the database does not hold the schema of 1.11.10 */
export async function assertBlueSchema(client: SqlClient): Promise<void> {
  const [found] = await queryRows<{ blue: boolean; green: boolean }>(
    client,
    `SELECT to_regclass('hydra_oauth2_authentication_request_handled') IS NOT NULL AS blue,
            to_regclass('hydra_oauth2_flow') IS NOT NULL AS green`,
  );
  if (found?.blue === true && !found.green) return;
  const seen = found?.green === true ? 'that of 2.x' : 'none of Hydra';
  throw new CutoverFault('CHECK_FAILED', `cleaning needs the schema of Hydra 1.11.10; the schema found is ${seen}`);
}

/** @returns what the rule applies to now: rows by table */
export async function countRule(
  client: SqlClient,
  id: CleaningRuleId,
  sql = detectSql(id),
): Promise<Record<string, number>> {
  const rows = await queryRows<{ table_name: string; rows: number }>(
    client,
    `SELECT table_name, count(*)::double precision AS rows FROM (${sql}) AS found GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.table_name, row.rows]));
}

export function total(tables: Readonly<Record<string, number>>): number {
  return Object.values(tables).reduce((sum, rows) => sum + rows, 0);
}
