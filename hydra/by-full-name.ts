import { type SqlClient } from '../domain/ports/sql-client';
import { SUPPORTED_HYDRA_VERSIONS } from '../domain/hydra-versions';
import { isVersionRecorded, recordedTables } from './catalog/recorded';
import { quoteIdentifier } from './cleaning/session';

const RECORDED_TABLES = SUPPORTED_HYDRA_VERSIONS.filter(isVersionRecorded).flatMap(recordedTables);
/** Every table of Hydra, whatever its version. */
export const HYDRAS_TABLES: readonly string[] = [...new Set([...RECORDED_TABLES, 'networks', 'schema_migration'])];
const TABLES = HYDRAS_TABLES.join('|');

/** As a table: neither within a longer name, nor as text, nor where a schema stands before it. */
const PLAIN_NAME = new RegExp(`(?<![\\w."'])(?:${TABLES})(?![\\w"'])`, 'g');
/** As text that is looked up in the search_path. */
const LOOKED_UP = new RegExp(`(?<=to_regclass\\(')(?:${TABLES})(?='\\))|(?<=')(?:${TABLES})(?='::regclass)`, 'g');

/**
 * Takes every schema but PostgreSQL's own out of a session's search_path, and names Hydra's tables in full in its statements.
 *
 * Whoever may make objects in Hydra's schema, as Hydra's own role, could otherwise make an operator or a function for `varchar`
 * there: PostgreSQL has none, prefers an exact match wherever it stands in the path, and would run it with our rights. A table that
 * is missed here is an error and not a hole, because no search leads to it. Idempotent.
 *
 * @param schema of Hydra's tables
 * @returns the session that knows Hydra's tables; by the one that was given nothing in that schema is found any more
 * Source: PostgreSQL manual, "Operator Type Resolution" and "Function Type Resolution".
 */
export async function byFullName(client: SqlClient, schema: string): Promise<SqlClient> {
  await client.query(`SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)`);
  const prefix = `${quoteIdentifier(schema)}.`;
  const inFull = (name: string): string => prefix + name;
  return {
    isPipelined: client.isPipelined === true,
    query: (text, values) =>
      client.query(
        text.replace(PLAIN_NAME, inFull).replace(LOOKED_UP, (name) => inFull(name).replaceAll("'", "''")),
        values,
      ),
  };
}
