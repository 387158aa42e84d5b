import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';

/** Tables in which the old version keeps what it has migrated, by their names, with the migrations that stand in each. */
export type OwnBookkeeping = Readonly<Record<string, readonly string[]>>;

/**
 * Every table in which a Hydra up to 1.3.2 keeps what it has migrated. By their names and not by a pattern: these are moved, and dropped
 * in the end, and what others call `hydra_…_migration` is theirs. Later versions have one table for all, of another name.
 */
export const OWN_BOOKKEEPING: readonly string[] = [
  'hydra_client_migration',
  'hydra_jwk_migration',
  'hydra_oauth2_authentication_consent_migration',
  'hydra_oauth2_migration',
];

export async function readOwnBookkeeping(client: SqlClient, schema: string): Promise<OwnBookkeeping> {
  const tables = await queryRows<{ name: string }>(
    client,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname = ANY ($2) ORDER BY 1`,
    [quoteIdentifier(schema), OWN_BOOKKEEPING],
  );
  const kept: Record<string, readonly string[]> = {};
  for (const { name } of tables) {
    const sql = `SELECT id FROM ${quoteIdentifier(schema)}.${quoteIdentifier(name)} ORDER BY id`;
    kept[name] = (await queryRows<{ id: string }>(client, sql)).map(({ id }) => id);
  }
  return kept;
}
