import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';

/** Tables in which the old version keeps what it has migrated, by their names, with the migrations that stand in each. */
export type OwnBookkeeping = Readonly<Record<string, readonly string[]>>;

/** A regular expression of SQL. Later versions have one table for all, of another name. */
const OWN_BOOKKEEPING = '^hydra_\\w+_migration$';

export async function readOwnBookkeeping(client: SqlClient, schema: string): Promise<OwnBookkeeping> {
  const tables = await queryRows<{ name: string }>(
    client,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname ~ $2 ORDER BY 1`,
    [quoteIdentifier(schema), OWN_BOOKKEEPING],
  );
  const kept: Record<string, readonly string[]> = {};
  for (const { name } of tables) {
    const sql = `SELECT id FROM ${quoteIdentifier(schema)}.${quoteIdentifier(name)} ORDER BY id`;
    kept[name] = (await queryRows<{ id: string }>(client, sql)).map(({ id }) => id);
  }
  return kept;
}
