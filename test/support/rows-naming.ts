import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** @returns the tables of a schema that have a row in which this text stands, whatever the column */
export async function rowsNaming(client: SqlClient, schema: string, text: string): Promise<readonly string[]> {
  const tables = await queryRows<{ name: string }>(
    client,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_catalog.pg_tables
      WHERE schemaname = $1 ORDER BY 1`,
    [schema],
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await queryRows(client, `SELECT 1 FROM ${name} AS t WHERE strpos(t::text, $1) > 0 LIMIT 1`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}
