import { type SqlClient } from '../../domain/ports/sql-client';
import { type GreenRow, type GreenTableName, readTransformed } from '../transform';
import { KEYED_TABLES, KeySet, type KeyedTable, type NamedKeys, TABLE_KEYS, TOKEN_TABLES } from './log-keys';

/** What green's rows have to be, from one snapshot of blue: everything that was named, and the parents that it needs. */
export interface WantedRows {
  readonly flows: readonly GreenRow[];
  readonly rows: Readonly<Record<KeyedTable, readonly GreenRow[]>>;
}

/** Reads children first, because they name their parents, and all within the caller's snapshot. */
export async function readWanted(blue: SqlClient, named: NamedKeys, batchRows: number): Promise<WantedRows> {
  const read = new Map<KeyedTable, GreenRow[]>();
  const wantTable = async (table: KeyedTable, more: KeySet = new KeySet()): Promise<readonly GreenRow[]> => {
    const keys = named.rows[table].values();
    const parents = more.values().filter((key) => !named.rows[table].has(key));
    const selection = [...keys, ...parents].map((key) => asKey(TABLE_KEYS[table], key));
    const rows = await readSelected(blue, table, selection, batchRows);
    read.set(table, rows);
    return rows;
  };
  const needed = {
    hydra_client: new KeySet(),
    hydra_oauth2_authentication_session: new KeySet(),
    hydra_jwk: new KeySet(),
  };
  const consents = new Set(named.consents);
  for (const table of TOKEN_TABLES) {
    for (const row of await wantTable(table)) {
      need(needed.hydra_client, row['client_id']);
      if (typeof row['challenge_id'] === 'string') consents.add(row['challenge_id']);
    }
  }
  const flows = await readFlows(blue, named.logins, consents, batchRows);
  for (const row of flows) {
    need(needed.hydra_client, row['client_id']);
    need(needed.hydra_oauth2_authentication_session, row['login_session_id']);
  }
  for (const table of ['hydra_oauth2_logout_request', 'hydra_oauth2_obfuscated_authentication_session'] as const) {
    for (const row of await wantTable(table)) need(needed.hydra_client, row['client_id']);
  }
  for (const row of await wantTable('hydra_oauth2_trusted_jwt_bearer_issuer')) {
    need(needed.hydra_jwk, row['key_set'], row['key_id']);
  }
  await wantTable('hydra_oauth2_jti_blacklist');
  await wantTable('hydra_oauth2_authentication_session', needed.hydra_oauth2_authentication_session);
  await wantTable('hydra_jwk', needed.hydra_jwk);
  await wantTable('hydra_client', needed.hydra_client);
  const rows = Object.fromEntries(KEYED_TABLES.map((table) => [table, read.get(table) ?? []]));
  return { flows, rows: rows as Record<KeyedTable, GreenRow[]> };
}

async function readFlows(
  blue: SqlClient,
  logins: ReadonlySet<string>,
  consents: ReadonlySet<string>,
  batchRows: number,
): Promise<GreenRow[]> {
  const selection = [
    ...[...logins].map((login_challenge) => ({ login_challenge })),
    ...[...consents].map((consent_challenge_id) => ({ consent_challenge_id })),
  ];
  const rows = await readSelected(blue, 'hydra_oauth2_flow', selection, batchRows);
  // Found by either key, and perhaps by both.
  return [...new Map(rows.map((row) => [row['login_challenge'], row])).values()];
}

async function readSelected(
  blue: SqlClient,
  table: GreenTableName,
  selection: readonly Record<string, string>[],
  batchRows: number,
): Promise<GreenRow[]> {
  const rows: GreenRow[] = [];
  if (selection.length === 0) return rows;
  for await (const batch of readTransformed(blue, table, selection, { batchRows })) rows.push(...batch);
  return rows;
}

function need(keys: KeySet, ...parts: readonly unknown[]): void {
  const key = parts.filter((part) => typeof part === 'string');
  if (key.length === parts.length) keys.add(key);
}

function asKey(columns: readonly string[], key: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column, index) => [column, key[index] ?? '']));
}
