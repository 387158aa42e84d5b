import { CARRIED_TABLE_NAMES, type CarriedTableName, type CopyPath, tableOf } from '../paths/copy-path';

/** One row of the source's change log. */
export interface LogRow {
  readonly id: string;
  readonly at: string;
  readonly kind: 'insert' | 'update' | 'delete' | 'truncate' | 'canary';
  readonly table_name: string;
  readonly old_key: Keys | null;
  readonly new_key: Keys | null;
}
type Keys = Readonly<Record<string, string | null>>;

export const TOKEN_TABLES = [
  'hydra_oauth2_access',
  'hydra_oauth2_refresh',
  'hydra_oauth2_code',
  'hydra_oauth2_oidc',
  'hydra_oauth2_pkce',
] as const satisfies readonly CarriedTableName[];
export type TokenTable = (typeof TOKEN_TABLES)[number];

/** The tables that both sides have under the same name and with the same key: all but that of flows, whatever these are on the source. */
export type KeyedTable = Exclude<CarriedTableName, 'hydra_oauth2_flow'>;
export const KEYED_TABLES: readonly KeyedTable[] = CARRIED_TABLE_NAMES.flatMap((name) =>
  name === 'hydra_oauth2_flow' ? [] : [name],
);

/** @returns the columns that a row of it is known by on both sides */
export function keyColumns(path: CopyPath, table: KeyedTable): readonly string[] {
  return tableOf(path, table).key;
}

/** A set of keys of one or two columns. */
export class KeySet {
  readonly #keys = new Map<string, readonly string[]>();

  add(key: readonly string[]): void {
    this.#keys.set(keyId(key), key);
  }

  has(key: readonly string[]): boolean {
    return this.#keys.has(keyId(key));
  }

  get size(): number {
    return this.#keys.size;
  }

  values(): (readonly string[])[] {
    return [...this.#keys.values()];
  }
}

function keyId(key: readonly string[]): string {
  return key.length === 1 ? (key[0] ?? '') : JSON.stringify(key);
}

/**
 * How far what a part of the log names was followed, in this order: revocations name grants, grants name tokens, tokens name consents,
 * and consents name logins. Each step takes what the one before it gives, so that steps in another order do not compile.
 */
type Stage = 'named' | 'with revocations' | 'with tokens' | 'closed';

declare const stage: unique symbol;

/** What a part of the log names. Only ever grows. */
export interface NamedKeys<At extends Stage = Stage> {
  /** For the compiler alone. */
  readonly [stage]?: At;
  readonly rows: Readonly<Record<KeyedTable, KeySet>>;
  readonly logins: Set<string>;
  readonly consents: Set<string>;
  /** Consents whose login on the source is named too: whoever reads that reads them. */
  readonly tied: Set<string>;
  /** request_ids of tokens. */
  readonly requests: Set<string>;
  /** Login and consent requests that were made. */
  readonly begunLogins: Set<string>;
  readonly begunConsents: Set<string>;
}

/** @returns the keys, old and new, of everything that the log rows name */
export function namedKeys(path: CopyPath, log: readonly LogRow[]): NamedKeys<'named'> {
  const named = noKeys();
  for (const row of log) {
    for (const keys of [row.old_key, row.new_key]) if (keys !== null) addKeys(path, named, row, keys);
  }
  return named;
}

function noKeys(): NamedKeys<'named'> {
  return {
    rows: Object.fromEntries(KEYED_TABLES.map((table) => [table, new KeySet()])) as Record<KeyedTable, KeySet>,
    logins: new Set(),
    consents: new Set(),
    tied: new Set(),
    requests: new Set(),
    begunLogins: new Set(),
    begunConsents: new Set(),
  };
}

function addKeys(path: CopyPath, named: NamedKeys, { kind, table_name: table }: LogRow, keys: Keys): void {
  const flow = path.captured.find((spec) => spec.table === table)?.flow;
  if (flow !== undefined) {
    const [login, consent] = [flow.login, flow.consent].map((column) => (column === undefined ? null : keys[column]));
    add(named.logins, login);
    add(named.consents, consent);
    if (kind !== 'insert') return;
    if (flow.begins === 'login') add(named.begunLogins, login);
    if (flow.begins === 'consent') add(named.begunConsents, consent);
  } else if (isKeyedTable(table)) {
    addRow(path, named, table, keys);
  }
}

function addRow(path: CopyPath, named: NamedKeys, table: KeyedTable, keys: Keys): void {
  const key = keyColumns(path, table).map((column) => keys[column]);
  if (key.every((part) => typeof part === 'string')) named.rows[table].add(key);
  if (isTokenTable(table)) add(named.requests, keys['request_id']);
}

function add(set: Set<string>, value: string | null | undefined): void {
  if (value !== null && value !== undefined && value !== '') set.add(value);
}

export function isKeyedTable(name: string): name is KeyedTable {
  return KEYED_TABLES.some((table) => table === name);
}

export function isTokenTable(name: string): name is TokenTable {
  return TOKEN_TABLES.some((table) => table === name);
}
