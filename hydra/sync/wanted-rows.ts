import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CarriedTableName, type CopyPath, tableOf } from '../paths/copy-path';
import { type GreenRow } from '../transform';
import { KeySet, type KeyedTable, type NamedKeys, TOKEN_TABLES, type TokenTable, keyColumns } from './log-keys';
import { type ByteBudget, readBounded } from './read-bounded';

/** What green's rows have to be, from one snapshot of blue: everything that was named, and the parents that it needs. */
export interface WantedRows {
  readonly flows: readonly GreenRow[];
  readonly rows: Readonly<Record<KeyedTable, readonly GreenRow[]>>;
}

type TokenRows = Readonly<Record<TokenTable, readonly GreenRow[]>>;

/** Reads the tokens that are named, in the caller's snapshot, and names the consents of theirs that green does not have. */
export async function readTokens(
  path: CopyPath,
  blue: SqlClient,
  green: SqlClient,
  named: NamedKeys<'with revocations'>,
  batchRows: number,
  budget: ByteBudget,
): Promise<{ readonly tokens: TokenRows; readonly named: NamedKeys<'with tokens'> }> {
  const read: Partial<Record<TokenTable, readonly GreenRow[]>> = {};
  const parents = new Set<string>();
  for (const table of TOKEN_TABLES) {
    const rows = await readKeyed(path, blue, table, named.rows[table].values(), batchRows, budget);
    for (const { challenge_id: consent } of rows) if (typeof consent === 'string') parents.add(consent);
    read[table] = rows;
  }
  const there = await queryRows<{ consent: string }>(
    green,
    'SELECT consent_challenge_id AS consent FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($1::text[])',
    [[...parents]],
  );
  for (const { consent } of there) parents.delete(consent);
  for (const consent of parents) named.consents.add(consent);
  return { tokens: read as TokenRows, named: named as NamedKeys as NamedKeys<'with tokens'> };
}

/** Reads children first, because they name their parents, and all within the caller's snapshot. */
export async function readWanted(
  path: CopyPath,
  blue: SqlClient,
  named: NamedKeys<'closed'>,
  tokens: TokenRows,
  batchRows: number,
  budget: ByteBudget,
): Promise<WantedRows> {
  const clients = new KeySet();
  const sessions = new KeySet();
  const jwks = new KeySet();
  const wantTable = async (table: KeyedTable, parents: KeySet = new KeySet()): Promise<readonly GreenRow[]> => {
    const keys = named.rows[table];
    const more = parents.values().filter((key) => !keys.has(key));
    return readKeyed(path, blue, table, [...keys.values(), ...more], batchRows, budget);
  };
  const needClient = (row: GreenRow): void => need(clients, row['client_id']);
  for (const table of TOKEN_TABLES) tokens[table].forEach(needClient);
  const flows = await readFlows(path, blue, named.logins, named.consents, batchRows, budget);
  for (const row of flows) {
    needClient(row);
    need(sessions, row['login_session_id']);
  }
  const logouts = await wantTable('hydra_oauth2_logout_request');
  const obfuscated = await wantTable('hydra_oauth2_obfuscated_authentication_session');
  [...logouts, ...obfuscated].forEach(needClient);
  const issuers = await wantTable('hydra_oauth2_trusted_jwt_bearer_issuer');
  for (const row of issuers) need(jwks, row['key_set'], row['key_id']);
  const rows = {
    ...tokens,
    hydra_oauth2_logout_request: logouts,
    hydra_oauth2_obfuscated_authentication_session: obfuscated,
    hydra_oauth2_trusted_jwt_bearer_issuer: issuers,
    hydra_oauth2_jti_blacklist: await wantTable('hydra_oauth2_jti_blacklist'),
    hydra_oauth2_authentication_session: await wantTable('hydra_oauth2_authentication_session', sessions),
    hydra_jwk: await wantTable('hydra_jwk', jwks),
    hydra_client: await wantTable('hydra_client', clients),
  };
  return { flows, rows };
}

async function readKeyed(
  path: CopyPath,
  blue: SqlClient,
  table: KeyedTable,
  keys: readonly (readonly string[])[],
  batchRows: number,
  budget: ByteBudget,
): Promise<readonly GreenRow[]> {
  return readSelected(
    path,
    blue,
    table,
    keys.map((key) => asKey(keyColumns(path, table), key)),
    batchRows,
    budget,
  );
}

async function readFlows(
  path: CopyPath,
  blue: SqlClient,
  logins: ReadonlySet<string>,
  consents: ReadonlySet<string>,
  batchRows: number,
  budget: ByteBudget,
): Promise<GreenRow[]> {
  const selection = [
    ...[...logins].map((login_challenge) => ({ login_challenge })),
    ...[...consents].map((consent_challenge_id) => ({ consent_challenge_id })),
  ];
  const rows = await readSelected(path, blue, 'hydra_oauth2_flow', selection, batchRows, budget);
  // Found by either key, and perhaps by both.
  return [...new Map(rows.map((row) => [row['login_challenge'], row])).values()];
}

async function readSelected(
  path: CopyPath,
  blue: SqlClient,
  table: CarriedTableName,
  selection: readonly Record<string, string>[],
  batchRows: number,
  budget: ByteBudget,
): Promise<GreenRow[]> {
  const rows: GreenRow[] = [];
  for await (const batch of readBounded(blue, tableOf(path, table), selection, batchRows)) {
    budget.spend(batch.bytes);
    rows.push(...batch.rows);
  }
  return rows;
}

function need(keys: KeySet, ...parts: readonly unknown[]): void {
  const key = parts.filter((part) => typeof part === 'string');
  if (key.length === parts.length) keys.add(key);
}

function asKey(columns: readonly string[], key: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column, index) => [column, key[index] ?? '']));
}
