import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { sqlFile } from '../sql-file';

/** What a schema holds: definitions by kind and name, for example `index hydra_client_pkey`. */
export type Catalog = Readonly<Record<string, string>>;

export interface CatalogDifference {
  readonly object: string;
  /** Undefined: there is none. */
  readonly expected: string | undefined;
  readonly found: string | undefined;
}

/** Reads everything that a schema holds, so that two schemas of other names can be compared. */
export async function readCatalog(client: SqlClient, schema: string): Promise<Catalog> {
  return inTransaction(client, 'BEGIN READ ONLY', 'ROLLBACK', async () => {
    // Alone: names of other schemas stay qualified, and so differ, which is right.
    await client.query(`SET LOCAL search_path = ${quoteIdentifier(schema)}`);
    const sql = sqlFile(__dirname, 'catalog.sql');
    const rows = await queryRows<{ kind: string; name: string; is: string }>(client, sql, [quoteIdentifier(schema)]);
    return Object.fromEntries(rows.map(({ kind, name, is }) => [`${kind} ${name}`, unqualified(is, schema)]));
  });
}

/** `pg_get_indexdef` and `pg_get_triggerdef` write the schema of the table, whatever the search path is. */
function unqualified(definition: string, schema: string): string {
  const written = /^[a-z_][a-z0-9_$]*$/.test(schema) ? schema : quoteIdentifier(schema);
  return definition.replaceAll(` ON ${written}.`, ' ON ').replaceAll(`${written}.`, '');
}

/** @param isLeftOut what neither side is asked about */
export function compareCatalogs(
  expected: Catalog,
  found: Catalog,
  isLeftOut: (object: string) => boolean = () => false,
): CatalogDifference[] {
  const objects = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  return objects
    .filter((object) => expected[object] !== found[object] && !isLeftOut(object))
    .map((object) => ({ object, expected: expected[object], found: found[object] }));
}

/** For people: one line for each, without anything but definitions. */
export function describeDifferences(differences: readonly CatalogDifference[], max = 10): string {
  const shown = differences.slice(0, max).map(({ object, expected, found }) => {
    if (found === undefined) return `${object} is missing`;
    if (expected === undefined) return `${object} is there besides`;
    return `${object} is "${found}" instead of "${expected}"`;
  });
  const rest = differences.length - shown.length;
  return shown.join('; ') + (rest > 0 ? ` and ${rest} more` : '');
}
