import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { type RemovedRow } from './removed-rows';

/** Source: PostgreSQL manual, "PostgreSQL Error Codes": class 23 and 22. */
const WHY: Readonly<Record<string, string>> = {
  '23503': 'it refers to a row that green does not have',
  '23505': 'green has another row with one of its unique values',
  '23502': 'green asks for a value that it has not',
};

/**
 * Inserts one row as green's Hydra keeps it, inside the caller's transaction: columns of the same name, the network that green's Hydra
 * uses, and no consent where green has none of that name, as the vendor's migration does it.
 *
 * @returns null, or why it could not be put back; the transaction goes on
 */
export async function putBack(green: SqlClient, schema: string, { table, row }: RemovedRow): Promise<string | null> {
  const of = (name: string): string => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const columns = await commonColumns(green, schema, table, row);
  const names = columns.map(quoteIdentifier).join(', ');
  await green.query('SAVEPOINT put_back');
  try {
    const inserted = await green.query(
      `INSERT INTO ${of(table)} (${names})
       SELECT ${names} FROM jsonb_populate_record(NULL::${of(table)}, (
         SELECT given.image || jsonb_build_object('nid', (SELECT id FROM ${of('networks')} ORDER BY created_at LIMIT 1))
             || CASE WHEN given.image ? 'challenge_id' AND NOT EXISTS (
                  SELECT FROM ${of('hydra_oauth2_flow')} AS flow WHERE flow.consent_challenge_id OPERATOR(pg_catalog.=) (given.image ->> 'challenge_id')::text)
                THEN '{"challenge_id": null}'::jsonb ELSE '{}'::jsonb END
           FROM (SELECT $1::jsonb AS image) AS given)) ON CONFLICT DO NOTHING`,
      [row],
    );
    await green.query('RELEASE SAVEPOINT put_back');
    return inserted.rowCount === 1 ? null : 'green has a row with its key';
  } catch (error) {
    await green.query('ROLLBACK TO SAVEPOINT put_back');
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^2[23]/.test(code)) throw error;
    const { constraint } = error as { readonly constraint?: string };
    return `${WHY[code] ?? `green refuses it (SQLSTATE ${code})`}${constraint === undefined ? '' : ` (${constraint})`}`;
  }
}

/** Of the row and of green's table, and the network. */
async function commonColumns(green: SqlClient, schema: string, table: string, row: string): Promise<readonly string[]> {
  const columns = await queryRows<{ name: string }>(
    green,
    `SELECT a.attname::text AS name FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND (a.attname = 'nid' OR $3::jsonb ? a.attname::text) ORDER BY a.attnum`,
    [schema, table, row],
  );
  return columns.map(({ name }) => name);
}
