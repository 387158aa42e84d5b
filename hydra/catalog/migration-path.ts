import { type FactKey, type FactKind, keyOf } from './fact';

/** SET and DROP of defaults and NOT NULL do not mind what was there. */
const NEEDED_TO_CHANGE: readonly FactKind[] = ['table', 'column', 'index', 'constraint', 'sequence', 'view'];

type RecordedKey = readonly [kind: FactKind, table: string, name: string];

/** One command of the pending migrations, as the real binary ran it over a fresh database. */
export interface RecordedCommand {
  /** As in `schema_migration`. */
  readonly migration: string;
  /** PostgreSQL's tag: `DROP INDEX`. */
  readonly command: string;
  /** Dropped with what hangs on it. */
  readonly cascade?: true;
  /** Does not mind when there is nothing to drop. */
  readonly ifExists?: true;
  /** Of a dropped table the table alone. */
  readonly dropped?: readonly RecordedKey[];
  /** Gone with what was dropped, without being named. */
  readonly cascaded?: readonly RecordedKey[];
  /** There before, and under this key not or otherwise afterwards, without having been dropped. */
  readonly changed?: readonly RecordedKey[];
  /** With the definition where it is a constraint. */
  readonly made?: readonly (RecordedKey | readonly [...RecordedKey, definition: string])[];
}

/** What becomes of something that a fresh database of the source's Hydra has. */
export interface Fate {
  readonly migration: string;
  /** `restrict`: what hangs on it keeps it from being dropped; `cascade`: that goes with it; `changed`: it is renamed or altered. */
  readonly how: 'restrict' | 'cascade' | 'changed';
  /** Whether the migration stops where it is missing. */
  readonly needed: boolean;
  readonly at: number;
}

/** What the pending migrations make, drop and change, by name and in order. */
export class MigrationPath {
  /** Of tables, indexes, sequences and views, which share one name space. */
  readonly relationsMade: ReadonlyMap<string, string>;
  readonly #made = new Map<string, string>();
  readonly #fates = new Map<string, Fate>();
  readonly #filled = new Map<string, string>();
  readonly #references: { readonly at: number; readonly definition: string }[] = [];

  constructor(commands: readonly RecordedCommand[]) {
    const relations = new Map<string, string>();
    for (const [
      at,
      { migration, cascade, ifExists, dropped = [], cascaded = [], changed = [], made = [] },
    ] of commands.entries()) {
      const note = ([kind, table, name]: RecordedKey, how: Fate['how'], needed: boolean): void => {
        const key = keyOf({ kind, table, name });
        // What was made on the way is none of the source's.
        if (this.#made.has(key)) return;
        // What is renamed first may be dropped later all the same.
        if (this.#fates.has(key) && !(this.#fates.get(key)?.how === 'changed' && how !== 'changed')) return;
        this.#fates.set(key, { migration, how, needed, at });
      };
      for (const key of dropped) note(key, cascade === true ? 'cascade' : 'restrict', ifExists !== true);
      for (const key of cascaded) note(key, 'cascade', false);
      for (const key of changed) {
        // The default of a column that is renamed goes with it and is the same.
        if (key[0] === 'default' && isRenamed(key, changed, made)) continue;
        note(key, 'changed', NEEDED_TO_CHANGE.includes(key[0]));
      }
      for (const [kind, table, name, definition = ''] of made) {
        if (!this.#made.has(keyOf({ kind, table, name }))) this.#made.set(keyOf({ kind, table, name }), migration);
        if (kind === 'column' && isFilled([kind, table, name], made) && !this.#filled.has(table))
          this.#filled.set(table, migration);
        if (definition.includes(' REFERENCES ')) this.#references.push({ at, definition });
        const relation = relationOf(kind, table, name, definition);
        if (relation !== undefined && !relations.has(relation)) relations.set(relation, migration);
      }
    }
    this.relationsMade = relations;
  }

  /** Undefined: it stays as it is. */
  fateOf(fact: FactKey): Fate | undefined {
    const own = this.#fates.get(keyOf(fact));
    const ofTable = this.#fates.get(keyOf({ kind: 'table', table: fact.table, name: '' }));
    // What goes with its table is missed by nobody.
    const tables = ofTable && fact.kind !== 'table' ? { ...ofTable, needed: false } : ofTable;
    // Not null and default go with their column, too.
    const column = ['not null', 'default', 'column storage'].some((kind) => kind === fact.kind)
      ? this.#fates.get(keyOf({ ...fact, kind: 'column' }))
      : undefined;
    return [own, tables, column?.how === 'changed' ? undefined : column].reduce((first, one) =>
      first === undefined || (one && one.at < first.at) ? one : first,
    );
  }

  /** Whether the migration makes a key to these columns of the table while what makes them unique is still the source's. @param before when that ends */
  refersTo(table: string, columns: string, before: Fate | undefined): boolean {
    return this.#references.some(
      ({ at, definition }) => at < (before?.at ?? Infinity) && definition.includes(` REFERENCES ${table}(${columns})`),
    );
  }

  /** The migration that makes something by this key. */
  maker(fact: FactKey): string | undefined {
    return this.#made.get(keyOf(fact));
  }

  /** The migration that first gives the table's rows a value that they did not have. */
  fills(table: string): string | undefined {
    return this.#filled.get(table);
  }
}

/** PostgreSQL takes a default for writing rows anew, if it is not NULL and nothing else: what has the row's type is in its way. */
function isFilled([, table, name]: RecordedKey, made: RecordedCommand['made']): boolean {
  return (made ?? []).some(([kind, of, column]) => kind === 'default' && of === table && column === name);
}

function isRenamed(
  [, table, name]: RecordedKey,
  changed: readonly RecordedKey[],
  made: RecordedCommand['made'],
): boolean {
  const isOf = ([kind, of, column]: readonly string[], wanted: string): boolean =>
    kind === wanted && of === table && column === name;
  const isColumnOfTable = ([kind, of]: readonly string[]): boolean => kind === 'column' && of === table;
  return changed.some((key) => isOf(key, 'column')) && (made ?? []).some(isColumnOfTable);
}

function relationOf(kind: FactKind, table: string, name: string, definition: string): string | undefined {
  if (kind === 'table' || kind === 'sequence' || kind === 'view') return table;
  if (kind === 'index') return name;
  return kind === 'constraint' && /^(PRIMARY KEY|UNIQUE|EXCLUDE)/.test(definition) ? name : undefined;
}
