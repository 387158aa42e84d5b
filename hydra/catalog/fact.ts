/** What the catalogs say of one thing in Hydra's schema. Kind, table and name are its key; the definition is the same text for the same thing. */
export interface Fact {
  readonly kind: FactKind;
  readonly table: string;
  /** Within the table; empty where the table itself is meant, or what is part of no table. */
  readonly name: string;
  readonly definition: string;
}

export type FactKind =
  | 'table'
  | 'view'
  | 'sequence'
  | 'type'
  | 'function'
  | 'row security'
  | 'replica identity'
  | 'storage'
  | 'inheritance'
  | 'column'
  | 'not null'
  | 'default'
  | 'column storage'
  | 'constraint'
  | 'index'
  | 'trigger'
  | 'rule'
  | 'policy'
  | 'statistics'
  | 'sequence setting'
  | 'grant'
  | 'publication'
  | 'subscription';

export type FactKey = Pick<Fact, 'kind' | 'table' | 'name'>;

export function keyOf({ kind, table, name }: FactKey): string {
  return JSON.stringify([kind, table, name]);
}

/** As a person reads it: `index own_idx on hydra_client`. */
export function tell({ kind, table, name }: FactKey): string {
  if (name === '')
    return `${kind}${kind === 'table' ? '' : ' of'} ${table}`.replace(/^(view|sequence|type|function) of/, '$1');
  if (kind === 'column' || kind === 'not null' || kind === 'default' || kind === 'column storage')
    return `${kind === 'column' ? 'column' : `${kind} of column`} ${table}.${name}`;
  return `${kind} ${name} on ${table}`;
}
