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

/** What becomes of something that a fresh database of blue's Hydra has. */
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
  readonly #altered = new Map<string, string>();

  constructor(commands: readonly RecordedCommand[]) {
    const relations = new Map<string, string>();
    for (const [
      at,
      { migration, cascade, ifExists, dropped = [], cascaded = [], changed = [], made = [] },
    ] of commands.entries()) {
      const note = ([kind, table, name]: RecordedKey, how: Fate['how'], needed: boolean): void => {
        const key = keyOf({ kind, table, name });
        // What was made on the way is none of blue's.
        if (this.#made.has(key)) return;
        // What is renamed first may be dropped later all the same.
        if (this.#fates.has(key) && !(this.#fates.get(key)?.how === 'changed' && how !== 'changed')) return;
        this.#fates.set(key, { migration, how, needed, at });
      };
      for (const key of dropped) note(key, cascade === true ? 'cascade' : 'restrict', ifExists !== true);
      for (const key of cascaded) note(key, 'cascade', false);
      for (const key of changed) note(key, 'changed', NEEDED_TO_CHANGE.includes(key[0]));
      for (const [kind, table, name, definition = ''] of made) {
        if (!this.#made.has(keyOf({ kind, table, name }))) this.#made.set(keyOf({ kind, table, name }), migration);
        if (kind === 'column' && !this.#altered.has(table)) this.#altered.set(table, migration);
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
    const columns = ['not null', 'default', 'column storage'].some((kind) => kind === fact.kind)
      ? this.#fates.get(keyOf({ ...fact, kind: 'column' }))
      : undefined;
    return [own, tables, columns].reduce((first, one) =>
      first === undefined || (one && one.at < first.at) ? one : first,
    );
  }

  /** The migration that makes something by this key. */
  maker(fact: FactKey): string | undefined {
    return this.#made.get(keyOf(fact));
  }

  /** The migration that first writes the table's rows anew. */
  rewrites(table: string): string | undefined {
    return this.#altered.get(table);
  }
}

function relationOf(kind: FactKind, table: string, name: string, definition: string): string | undefined {
  if (kind === 'table' || kind === 'sequence' || kind === 'view') return table;
  if (kind === 'index') return name;
  return kind === 'constraint' && /^(PRIMARY KEY|UNIQUE|EXCLUDE)/.test(definition) ? name : undefined;
}
