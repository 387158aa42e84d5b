import { flowCondition, rowsOfSource } from '../../transform/selection';
import { OF_OUR_NETWORK } from '../../transform/transform-sql';
import { TABLES_2_3_0 } from '../../versions/tables-2-3-0';
import { type CarriedTable, type CarriedTableName, type ColumnType, type TargetTable } from '../copy-path';

const OF_TOKENS = [
  'hydra_oauth2_code',
  'hydra_oauth2_pkce',
  'hydra_oauth2_oidc',
  'hydra_oauth2_access',
  'hydra_oauth2_refresh',
];

/** Columns that 2.3.0 has and 2.2.0 has not. All are empty in rows that were there before. */
const ADDED: Readonly<Partial<Record<CarriedTableName, readonly string[]>>> = {
  ...Object.fromEntries(OF_TOKENS.map((name) => [name, ['expires_at']])),
  hydra_oauth2_refresh: ['expires_at', 'first_used_at', 'access_token_signature'],
  hydra_oauth2_logout_request: ['expires_at', 'requested_at'],
};

/** Both sides number with the same values: 2.2.0 has them, and the migration leaves them alone. */
const OWN_PK: Readonly<Partial<Record<CarriedTableName, Readonly<Record<string, ColumnType>>>>> = {
  hydra_client: { pk: 'uuid' },
  hydra_jwk: { pk: 'uuid' },
};

/** Tables of 2.3.0, whose rows are those of 2.2.0 with some more columns. */
export const CARRIED_TABLES: readonly CarriedTable[] = TABLES_2_3_0.map((table: TargetTable): CarriedTable => {
  const columns = { ...table.columns, ...OWN_PK[table.name] };
  const isFlow = table.name === 'hydra_oauth2_flow';
  const rows = (selected: string): string => rowsSql({ ...table, columns }, selected);
  const ofSource = rowsOfSource(rows);
  return {
    ...table,
    columns,
    filled: {},
    selectableBy: selectableBy(table),
    rows: isFlow
      ? {
          ...ofSource,
          ofKeys: (_table, keys) => {
            const { sql, values } = flowCondition(keys);
            return [{ sql: rows(`(${sql})`), values }];
          },
        }
      : ofSource,
    unreadable: 'a value that it cannot read; correct it on blue',
  };
});

function selectableBy({ name, key }: TargetTable): readonly (readonly string[])[] {
  if (name === 'hydra_oauth2_flow') return [key, ['consent_challenge_id'], [...key, 'consent_challenge_id']];
  if (OF_TOKENS.includes(name)) return [key, ['request_id'], ['challenge_id'], ['client_id']];
  return [key];
}

function rowsSql({ name, columns }: TargetTable, selected: string): string {
  const added = ADDED[name] ?? [];
  const made = Object.entries(columns).map(([column, type]) =>
    added.includes(column) ? `NULL::${type} AS ${column}` : `source.${column}`,
  );
  return `SELECT ${made.join(', ')} FROM ${name} AS source WHERE ${selected} AND ${OF_OUR_NETWORK}`;
}
