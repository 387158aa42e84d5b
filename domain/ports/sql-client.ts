/** The part of a `pg` client that knowledge of Hydra's schemas needs, so that `hydra/` depends on no driver. */
export interface SqlClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

/** @returns the rows of a query whose shape the caller knows from the SQL beside it */
export async function queryRows<Row>(client: SqlClient, text: string, values: unknown[] = []): Promise<Row[]> {
  const { rows } = await client.query(text, values);
  return rows as Row[];
}

/**
 * Sends several statements in one round trip.
 *
 * @param text without parameters
 * @returns the rows of all of them, in order
 */
export async function queryTogether<Row>(client: SqlClient, text: string): Promise<Row[]> {
  const answers: unknown = await client.query(text);
  const each = (Array.isArray(answers) ? answers : [answers]) as readonly { readonly rows: unknown[] }[];
  return each.flatMap(({ rows }) => rows) as Row[];
}
