import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { sqlFile } from '../sql-file';
import { type Fact, type FactKind } from './fact';
import { readingCatalogs } from './read-catalog';
import { COMMENT_WORD_SQL } from './remark';

/** What an object hangs on: a part of Hydra's tables, or another object that hangs on one. */
export interface Hold {
  /** Of Hydra's own: as in a fact, `type` for the row type of a table. */
  readonly on?: { readonly kind: FactKind; readonly table: string; readonly name: string };
  /** Of another object. */
  readonly object?: string;
  /** `goes`: PostgreSQL drops it together with what it hangs on; `stops`: it refuses to drop that. */
  readonly how: 'goes' | 'stops';
}

/** An object that is none of Hydra's own and hangs on its tables, in any schema. */
export interface ForeignObject {
  readonly id: string;
  readonly kind: string;
  /** As PostgreSQL writes it, with its schema where it has one. */
  readonly name: string;
  /** One of Hydra's, where the object is part of it. */
  readonly table: string | null;
  /** With its schema. */
  readonly onTable: string | null;
  readonly drop: string;
  readonly make: string | null;
  /** Whether the role that prepares the copy may drop it. */
  readonly droppable: boolean;
  readonly holds: readonly Hold[];
}

interface Edge {
  readonly onKind: FactKind | null;
  readonly onTable: string;
  readonly onName: string;
  readonly onObject: string | null;
  readonly object: string;
  readonly how: 'n' | 'a' | 'i';
}

type Described = Omit<ForeignObject, 'id' | 'holds'> & { readonly object: string; readonly same: string | null };

/**
 * Reads what hangs on Hydra's tables and is none of its own: in every schema of the database, whoever owns it.
 *
 * @param fresh what a fresh database of the same Hydra has
 * @param adapter who would drop them on the copy. @default the session's role
 */
export async function readForeignObjects(
  client: SqlClient,
  schema: string,
  fresh: readonly Fact[],
  adapter?: string,
): Promise<readonly ForeignObject[]> {
  const tables = fresh.filter(({ kind }) => kind === 'table').map(({ table }) => table);
  const parts = fresh.filter(({ kind }) => kind === 'index' || kind === 'constraint');
  const own = parts.map(({ table, name }) => `${table} ${name}`);
  return readingCatalogs(client, async () => {
    const edges = await queryRows<Edge>(client, sqlFile(__dirname, 'foreign-edges.sql'), [schema, tables, own]);
    const found = await describe(client, [...new Set(edges.map(({ object }) => object))], [schema, adapter ?? null]);
    return joined(edges, found, new Set(tables));
  });
}

async function describe(
  client: SqlClient,
  objects: readonly string[],
  of: readonly [schema: string, adapter: string | null],
): Promise<Map<string, Described>> {
  const found = new Map<string, Described>();
  const sql = sqlFile(__dirname, 'foreign-objects.sql', { word: COMMENT_WORD_SQL });
  let wanted = objects;
  // What is the same as something that nothing hangs on by itself, as a view is that its rule stands for.
  while (wanted.length > 0) {
    const rows = await queryRows<Described>(client, sql, [wanted, ...of]);
    for (const row of rows) found.set(row.object, row);
    wanted = rows.flatMap(({ same }) => (same === null || found.has(same) ? [] : [same]));
  }
  return found;
}

function joined(
  edges: readonly Edge[],
  found: ReadonlyMap<string, Described>,
  tables: ReadonlySet<string>,
): readonly ForeignObject[] {
  const same = (id: string): string => {
    const next = found.get(id)?.same;
    return next === undefined || next === null || next === id ? id : same(next);
  };
  const holds = new Map<string, Hold[]>();
  for (const { object, onKind, onTable, onName, onObject, how } of edges) {
    const id = same(object);
    const on = onObject === null ? null : same(found.has(onObject) ? onObject : wholeOf(onObject));
    if (on === id) continue;
    const hold: Hold = { how: how === 'n' ? 'stops' : 'goes', ...(on === null ? {} : { object: on }) };
    const own = onKind === null ? hold : { ...hold, on: whatOf(onKind, onTable, onName) };
    holds.set(id, [...(holds.get(id) ?? []), own]);
  }
  return [...holds].flatMap(([id, its]) => {
    const one = found.get(id);
    if (one === undefined) return [];
    const { kind, name, table, onTable, drop, make, droppable } = one;
    const part = table !== null && tables.has(table) ? table : null;
    return [{ id, kind, name, table: part, onTable, drop, make, droppable, holds: its }];
  });
}

/** A column of what goes as a whole: of a view, or of a table that inherits. */
function wholeOf(object: string): string {
  return object.replace(/ \d+$/, ' 0');
}

function whatOf(kind: FactKind, table: string, name: string): NonNullable<Hold['on']> {
  if (kind === 'table' && name !== '') return { kind: 'column', table, name };
  return kind === 'sequence' ? { kind, table: name, name: '' } : { kind, table, name };
}
