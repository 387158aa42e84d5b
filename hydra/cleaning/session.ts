import { type SqlClient, queryRows, together } from '../../domain/ports/sql-client';
import { CutoverFault } from '../../domain/faults';
import { sqlFile } from '../sql-file';
import { type CopyPath } from '../paths/copy-path';
import { hasOurs } from '../ours';

export const DEFAULT_ARCHIVE_SCHEMA = 'hydra_cutover';

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** In a statement that a person reads: quoted where it has to be. */
export function readableIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
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

/** One query in a transaction that is its own: in one round trip, where the session is pipelined. */
export async function queryAlone<Row>(
  client: SqlClient,
  begin: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const ask = (): Promise<Row[]> => queryRows<Row>(client, sql, values);
  if (client.isPipelined !== true) return inTransaction(client, begin, 'COMMIT', ask);
  // Of a transaction that failed, COMMIT is the end too.
  const [, rows] = await together(client, [() => client.query(begin), ask, () => client.query('COMMIT')]);
  return rows;
}

/** Makes the functions that the rules' SQL calls, in the session's temporary schema; for use inside a transaction. */
export async function createHelpers(path: CopyPath, client: SqlClient, archiveSchema: string): Promise<void> {
  const schema = quoteIdentifier(archiveSchema);
  const before = (await hasOurs(client, `${archiveSchema}.archive`))
    ? sqlFile(__dirname, 'sql/cleaned-before.sql', { schema })
    : sqlFile(__dirname, 'sql/never-cleaned.sql');
  // Estimates of these queries are high, and compiling them takes longer than running them.
  await client.query('SET LOCAL jit = off');
  await client.query(before);
  await path.cleaning.prepare(client);
}

/** @throws CutoverFault CHECK_FAILED when the database does not hold the schema that the path begins with */
export async function assertSourceSchema({ from, to, marks }: CopyPath, client: SqlClient): Promise<void> {
  const found = async (table: string): Promise<boolean> => {
    const [row] = await queryRows<{ there: boolean }>(client, `SELECT to_regclass('${table}') IS NOT NULL AS there`);
    return row?.there === true;
  };
  const isNext = marks.lacks !== undefined && (await found(marks.lacks));
  if (!isNext && (await found(marks.has))) return;
  const seen = isNext ? `that of ${to}` : 'none of Hydra';
  throw new CutoverFault('CHECK_FAILED', `cleaning needs the schema of Hydra ${from}; the schema found is ${seen}`);
}

/** @param sql lists what a rule applies to. @returns what that is now: rows by table */
export async function countRule(client: SqlClient, sql: string): Promise<Record<string, number>> {
  const rows = await queryRows<{ table_name: string; rows: number }>(
    client,
    `SELECT table_name, count(*)::double precision AS rows FROM (${sql}) AS found GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.table_name, row.rows]));
}

export function total(tables: Readonly<Record<string, number>>): number {
  return Object.values(tables).reduce((sum, rows) => sum + rows, 0);
}
