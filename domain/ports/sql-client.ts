/** The part of a `pg` client that knowledge of Hydra's schemas needs, so that `hydra/` depends on no driver. */
export interface SqlClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

/** @returns the rows of a query whose shape the caller knows from the SQL beside it */
export async function queryRows<Row>(client: SqlClient, text: string, values: unknown[] = []): Promise<Row[]> {
  const { rows } = await client.query(text, values);
  return rows as Row[];
}
