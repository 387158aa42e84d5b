import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { sqlFile } from '../sql-file';
import { type Fact } from './fact';

/** Names that are written in full tell the same whatever a role or database has in its search_path. */
const PLAIN_PATH = `SELECT set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true)`;

/** Runs `read` in a transaction that changes nothing, in which names are written in full. */
export async function readingCatalogs<T>(client: SqlClient, read: () => Promise<T>): Promise<T> {
  return inTransaction(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'ROLLBACK', async () => {
    // Not at its beginning: whoever prepares the copy proves there that it is its own, with a lock.
    await client.query('SET TRANSACTION READ ONLY');
    await client.query(PLAIN_PATH);
    return read();
  });
}

/** Everything that the catalogs say of Hydra's schema, but for owners. */
export async function readFacts(client: SqlClient, schema: string): Promise<readonly Fact[]> {
  return readingCatalogs(client, () => queryRows<Fact>(client, sqlFile(__dirname, 'catalog-facts.sql'), [schema]));
}
