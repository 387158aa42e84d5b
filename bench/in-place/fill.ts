import { type Client } from 'pg';

/** Of the access tokens; every other table of a grant has three tenths of it. */
const SMALLER = 0.3;
const CLIENTS = 5_000;
const SUBJECTS = 100_000;
const SESSION_BYTES = 700;

/** Tables under traffic, each with the column by which a Hydra finds a row. */
export const BUSY_TABLES = {
  hydra_client: 'id',
  hydra_oauth2_access: 'signature',
  hydra_oauth2_refresh: 'signature',
  hydra_oauth2_code: 'signature',
  hydra_oauth2_oidc: 'signature',
  hydra_oauth2_pkce: 'signature',
  hydra_oauth2_consent_request: 'challenge',
  hydra_oauth2_authentication_request: 'challenge',
} as const;
export type BusyTable = keyof typeof BUSY_TABLES;
export const BUSY_TABLE_NAMES = Object.keys(BUSY_TABLES) as readonly BusyTable[];

/** Columns that say something; the others are as empty as their types allow. `n` is the row's number. */
const VALUES: Readonly<Record<string, string>> = {
  id: `'client-' || n`,
  signature: `md5('signature-' || n)`,
  challenge: `md5('challenge-' || n)`,
  verifier: `md5('verifier-' || n)`,
  request_id: `md5('request-' || n)`,
  client_id: `'client-' || (n % ${CLIENTS})`,
  subject: `'subject-' || (n % ${SUBJECTS})`,
  session_data: `repeat(md5(n::text), ${Math.ceil(SESSION_BYTES / 32)})`,
};

/** Fills the database of a Hydra 1.3.2 with rows of the usual size. @returns rows by table */
export async function fill(client: Client, accessRows: number): Promise<Readonly<Record<BusyTable, number>>> {
  const rows = {} as Record<BusyTable, number>;
  // Others refer to clients.
  for (const table of BUSY_TABLE_NAMES) {
    rows[table] = rowsOf(table, accessRows);
    await client.query(`${await insertSql(client, table)} FROM generate_series(0, ${rows[table] - 1}) AS n`);
  }
  await client.query('VACUUM ANALYZE');
  return rows;
}

/** As a Hydra writes one, through views or not: columns by name. `INSERT … SELECT values`, to be completed by where `n` comes from. */
export async function insertSql(client: Client, table: BusyTable): Promise<string> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, typname AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
        AND (attnotnull AND NOT atthasdef OR attname = ANY ($2)) ORDER BY attnum`,
    [`public.${table}`, Object.keys(VALUES)],
  );
  const known = rows.filter(({ name }) => !(name === 'id' && table !== 'hydra_client'));
  const values = known.map(({ name, type }) => VALUES[name] ?? EMPTY[type] ?? `''`);
  return `INSERT INTO ${table} (${known.map(({ name }) => name).join(', ')}) SELECT ${values.join(', ')}`;
}

export function keyOf(table: BusyTable): string {
  return VALUES[BUSY_TABLES[table]] ?? '';
}

function rowsOf(table: BusyTable, accessRows: number): number {
  if (table === 'hydra_client') return CLIENTS;
  return table === 'hydra_oauth2_access' ? accessRows : Math.round(accessRows * SMALLER);
}

const EMPTY: Readonly<Record<string, string>> = {
  bool: 'false',
  int4: '0',
  int8: '0',
  timestamp: 'now()',
  timestamptz: 'now()',
};
