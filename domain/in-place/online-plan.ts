/**
 * How the pending migrations of a newer Hydra are applied to a database that serves: one act after the other, each of which
 * stops nobody for longer than one short try for a lock. Plain JSON: it is what a person approves, and what is kept in the
 * database until it is done.
 */
export interface OnlinePlan {
  readonly from: string;
  readonly to: string;
  /** In the order in which they are done. */
  readonly acts: readonly OnlineAct[];
  /** `schema_migration` as the new version leaves it: statements that make it, where there is none, and its rows. */
  readonly bookkeeping: { readonly make: readonly string[]; readonly versions: readonly string[] };
  /** Tables that get columns: the running version must go on seeing them as they are. */
  readonly changedTables: readonly string[];
}

export type OnlineAct = { readonly migration: string; readonly says: string } & OnlineForm;

/**
 * `ddl`: a change of the catalog alone, in a transaction with a short lock_timeout, tried again and again.
 * `createIndex`, `dropIndex`: CONCURRENTLY, in no transaction and without a lock_timeout, which would leave an INVALID index.
 * `replaceIndex`: built beside the old one, then the old one is dropped and its name taken.
 * `update`: in batches by primary key. `repeatable`: a second run changes nothing that is right, so that rows which the old version
 * writes meanwhile are brought up once it has stopped.
 * `constraint`: added NOT VALID, then validated, which stops no writer.
 */
export type OnlineForm =
  | {
      readonly kind: 'ddl';
      readonly table: string;
      readonly sql: string;
      readonly creates: boolean;
      readonly makes: readonly CatalogMark[];
    }
  | {
      readonly kind: 'createIndex';
      readonly table: string;
      readonly index: string;
      readonly unique: boolean;
      readonly on: string;
    }
  | { readonly kind: 'dropIndex'; readonly index: string }
  | {
      readonly kind: 'replaceIndex';
      readonly table: string;
      readonly index: string;
      readonly unique: boolean;
      readonly on: string;
    }
  | {
      readonly kind: 'update';
      readonly table: string;
      readonly set: string;
      readonly where: string;
      readonly repeatable: boolean;
    }
  | { readonly kind: 'constraint'; readonly table: string; readonly name: string; readonly definition: string }
  | { readonly kind: 'setNotNull'; readonly table: string; readonly column: string };

/** How the catalog shows that a change was made: by us before a crash, or by somebody else. */
export type CatalogMark =
  | { readonly has: 'table'; readonly table: string }
  | { readonly has: 'index'; readonly table: string; readonly index: string }
  | { readonly has: 'column'; readonly table: string; readonly column: string }
  | { readonly has: 'constraint'; readonly table: string; readonly name: string; readonly absent: boolean }
  | { readonly has: 'nullable'; readonly table: string; readonly column: string }
  | { readonly has: 'default'; readonly table: string; readonly column: string; readonly expression: string | null };

/** A statement that has no form in which it stops nobody. */
export interface RefusedStatement {
  readonly migration: string;
  readonly statement: string;
  readonly why: string;
}
