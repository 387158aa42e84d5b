import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { quoteIdentifier } from '../cleaning/session';
import { type RemovedRow } from './removed-rows';

/** Source: PostgreSQL manual, "PostgreSQL Error Codes": class 23 and 22. */
const WHY: Readonly<Record<string, (side: SideName) => string>> = {
  '23503': (side) => `it refers to a row that ${side} does not have`,
  '23505': (side) => `${side} has another row with one of its unique values`,
  '23502': (side) => `${side} asks for a value that it has not`,
};

/** Where a row is put back. */
interface Place {
  /** Of Hydra's tables. */
  readonly schema: string;
  readonly side: SideName;
}

/**
 * Inserts one row as the target's Hydra keeps it, inside the caller's transaction: columns of the same name, the network that this Hydra
 * uses, and no consent where the target has none of that name, as the vendor's migration does it.
 *
 * @returns null, or why it could not be put back; the transaction goes on
 */
export async function putBack(
  to: SqlClient,
  { schema, side }: Place,
  { table, row }: RemovedRow,
): Promise<string | null> {
  const of = (name: string): string => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const columns = await commonColumns(to, schema, table, row);
  const names = columns.map(quoteIdentifier).join(', ');
  await to.query('SAVEPOINT put_back');
  try {
    const inserted = await to.query(
      `INSERT INTO ${of(table)} (${names})
       SELECT ${names} FROM jsonb_populate_record(NULL::${of(table)}, (
         SELECT given.image || jsonb_build_object('nid', (SELECT id FROM ${of('networks')} ORDER BY created_at LIMIT 1))
             || CASE WHEN given.image ? 'challenge_id' AND NOT EXISTS (
                  SELECT FROM ${of('hydra_oauth2_flow')} AS flow WHERE flow.consent_challenge_id OPERATOR(pg_catalog.=) (given.image ->> 'challenge_id')::text)
                THEN '{"challenge_id": null}'::jsonb ELSE '{}'::jsonb END
           FROM (SELECT $1::jsonb AS image) AS given)) ON CONFLICT DO NOTHING`,
      [row],
    );
    await to.query('RELEASE SAVEPOINT put_back');
    return inserted.rowCount === 1 ? null : `${side} has a row with its key`;
  } catch (error) {
    await to.query('ROLLBACK TO SAVEPOINT put_back');
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^2[23]/.test(code)) throw error;
    const { constraint } = error as { readonly constraint?: string };
    const why = WHY[code]?.(side) ?? `${side} refuses it (SQLSTATE ${code})`;
    return constraint === undefined ? why : `${why} (${constraint})`;
  }
}

/** Of the row and of the target's table, and the network. */
async function commonColumns(to: SqlClient, schema: string, table: string, row: string): Promise<readonly string[]> {
  const columns = await queryRows<{ name: string }>(
    to,
    `SELECT a.attname::text AS name FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND (a.attname = 'nid' OR $3::jsonb ? a.attname::text) ORDER BY a.attnum`,
    [schema, table, row],
  );
  return columns.map(({ name }) => name);
}
