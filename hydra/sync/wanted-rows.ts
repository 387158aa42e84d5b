import { type SqlClient, queryRows, together } from '../../domain/ports/sql-client';
import { type CarriedTableName, type CopyPath, tableOf } from '../paths/copy-path';
import { KeySet, type KeyedTable, type NamedKeys, TOKEN_TABLES, type TokenTable, keyColumns } from './log-keys';
import { type ByteBudget, type RowSizes, readBounded } from './read-bounded';
import { type RowBlock, textsOf, tuplesOf } from './row-block';

/** What the target's rows have to be, from one snapshot of the source: everything that was named, and the parents that it needs. */
export interface WantedRows {
  readonly flows: readonly RowBlock[];
  readonly rows: Readonly<Record<KeyedTable, readonly RowBlock[]>>;
}

type TokenRows = Readonly<Record<TokenTable, readonly RowBlock[]>>;

/** Tokens that were read, and how many of each table were named by then. */
interface ReadTokens {
  readonly tokens: TokenRows;
  readonly counts: Readonly<Record<TokenTable, number>>;
}

/** How rows of the source are read, in the caller's snapshot. */
export interface Reading {
  readonly path: CopyPath;
  readonly from: SqlClient;
  readonly batchRows: number;
  readonly budget: ByteBudget;
  readonly sizes: RowSizes;
}

/** Reads the tokens that the log names by itself. */
export function readTokensOfLog(reading: Reading, named: NamedKeys<'named'>): Promise<ReadTokens> {
  return readTokensBeyond(reading, named);
}

/** And those that revocations named since. */
export async function readTokens(
  reading: Reading,
  named: NamedKeys<'with revocations'>,
  ofLog?: ReadTokens,
): Promise<{ readonly tokens: TokenRows; readonly named: NamedKeys<'with tokens'> }> {
  const { tokens } = await readTokensBeyond(reading, named, ofLog);
  return { tokens, named: named as NamedKeys as NamedKeys<'with tokens'> };
}

/** Names are only ever added, in their order. */
async function readTokensBeyond(reading: Reading, named: NamedKeys, before?: ReadTokens): Promise<ReadTokens> {
  const counts = {} as Record<TokenTable, number>;
  const tokens = {} as Record<TokenTable, readonly RowBlock[]>;
  const readOne = (table: TokenTable) => async () => {
    const keys = named.rows[table].values();
    counts[table] = keys.length;
    const further = await readKeyed(reading, table, keys.slice(before?.counts[table] ?? 0));
    tokens[table] = [...(before?.tokens[table] ?? []), ...further];
  };
  await together(reading.from, TOKEN_TABLES.map(readOne));
  return { tokens, counts };
}

/** Names the consents of these tokens that the target does not have. @returns whether there were any */
export async function nameConsentsOf(
  to: SqlClient,
  rows: WantedRows['rows'],
  named: NamedKeys<'with tokens'>,
): Promise<boolean> {
  const parents = new Set<string>();
  for (const table of TOKEN_TABLES) {
    for (const consent of textsOf(rows[table], 'challenge_id')) {
      if (!named.consents.has(consent)) parents.add(consent);
    }
  }
  if (parents.size === 0) return false;
  const there = await queryRows<{ consent: string }>(
    to,
    'SELECT consent_challenge_id AS consent FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($1::text[])',
    [[...parents]],
  );
  for (const { consent } of there) parents.delete(consent);
  for (const consent of parents) named.consents.add(consent);
  return parents.size > 0;
}

/** Reads children first, because they name their parents, and all within the caller's snapshot. */
export async function readWanted(
  reading: Reading,
  named: NamedKeys<'with tokens'>,
  tokens: TokenRows,
): Promise<WantedRows> {
  const needed = new Parents();
  const wantTable = async (table: KeyedTable, parents: KeySet = new KeySet()): Promise<readonly RowBlock[]> => {
    const keys = named.rows[table];
    const more = parents.values().filter((key) => !keys.has(key));
    return readKeyed(reading, table, [...keys.values(), ...more]);
  };
  for (const table of TOKEN_TABLES) needed.addOf(tokens[table]);
  const [flows, logouts, obfuscated, issuers, jtis] = await together(reading.from, [
    () => readFlows(reading, named),
    () => wantTable('hydra_oauth2_logout_request'),
    () => wantTable('hydra_oauth2_obfuscated_authentication_session'),
    () => wantTable('hydra_oauth2_trusted_jwt_bearer_issuer'),
    () => wantTable('hydra_oauth2_jti_blacklist'),
  ]);
  for (const rows of [flows, logouts, obfuscated]) needed.addOf(rows);
  const jwks = new KeySet();
  for (const key of tuplesOf(issuers, ['key_set', 'key_id'])) need(jwks, key);
  const [sessionRows, jwkRows, clientRows] = await together(reading.from, [
    () => wantTable('hydra_oauth2_authentication_session', needed.sessions),
    () => wantTable('hydra_jwk', jwks),
    () => wantTable('hydra_client', needed.clients),
  ]);
  const rows = {
    ...tokens,
    hydra_oauth2_logout_request: logouts,
    hydra_oauth2_obfuscated_authentication_session: obfuscated,
    hydra_oauth2_trusted_jwt_bearer_issuer: issuers,
    hydra_oauth2_jti_blacklist: jtis,
    hydra_oauth2_authentication_session: sessionRows,
    hydra_jwk: jwkRows,
    hydra_client: clientRows,
  };
  return { flows, rows };
}

/** Logins and consents, as far as they were named. */
export interface FlowNames {
  readonly logins: ReadonlySet<string>;
  readonly consents: ReadonlySet<string>;
  /** See {@link NamedKeys.tied}. */
  readonly tied: ReadonlySet<string>;
}

/** @param before what was named when `wanted` was read. @returns the same with the flows that were named since, and their parents */
export async function withFlowsNamedSince(
  reading: Reading,
  wanted: WantedRows,
  before: Pick<FlowNames, 'logins' | 'consents'>,
  named: FlowNames,
): Promise<WantedRows> {
  const since = (all: ReadonlySet<string>, known: ReadonlySet<string>) =>
    new Set([...all].filter((name) => !known.has(name)));
  const [logins, consents] = [since(named.logins, before.logins), since(named.consents, before.consents)];
  if (logins.size + consents.size === 0) return wanted;
  const more = await readFlows(reading, { logins, consents, tied: named.tied });
  const needed = new Parents();
  needed.addOf(more);
  const withParents = async (table: 'hydra_client' | 'hydra_oauth2_authentication_session', parents: KeySet) => {
    const there = wanted.rows[table];
    const known = new Set(textsOf(there, 'id'));
    return [
      ...there,
      ...(await readKeyed(
        reading,
        table,
        parents.values().filter(([id]) => !known.has(id ?? '')),
      )),
    ];
  };
  return {
    flows: [...wanted.flows, ...more],
    rows: {
      ...wanted.rows,
      hydra_oauth2_authentication_session: await withParents('hydra_oauth2_authentication_session', needed.sessions),
      hydra_client: await withParents('hydra_client', needed.clients),
    },
  };
}

class Parents {
  readonly clients = new KeySet();
  readonly sessions = new KeySet();

  addOf(blocks: readonly RowBlock[]): void {
    for (const client of textsOf(blocks, 'client_id')) this.clients.add([client]);
    for (const session of textsOf(blocks, 'login_session_id')) this.sessions.add([session]);
  }
}

async function readKeyed(
  reading: Reading,
  table: KeyedTable,
  keys: readonly (readonly string[])[],
): Promise<readonly RowBlock[]> {
  const columns = keyColumns(reading.path, table);
  return readSelected(
    reading,
    table,
    keys.map((key) => asKey(columns, key)),
  );
}

/**
 * Each by one of its keys where that is known: by both it would be read twice, in two queries. A flow may come twice all the same; within one
 * query it does not.
 */
async function readFlows(reading: Reading, { logins, consents, tied }: FlowNames): Promise<readonly RowBlock[]> {
  const selection = [
    ...[...logins].map((login_challenge) => ({ login_challenge })),
    ...[...consents].flatMap((consent) => (tied.has(consent) ? [] : [{ consent_challenge_id: consent }])),
  ];
  return readSelected(reading, 'hydra_oauth2_flow', selection);
}

async function readSelected(
  { path, from, batchRows, budget, sizes }: Reading,
  table: CarriedTableName,
  selection: readonly Record<string, string>[],
): Promise<readonly RowBlock[]> {
  const blocks: RowBlock[] = [];
  for await (const block of readBounded(from, tableOf(path, table), selection, batchRows, sizes)) {
    budget.spend(block.bytes);
    blocks.push(block);
  }
  return blocks;
}

function need(keys: KeySet, parts: readonly (string | null)[]): void {
  const key = parts.filter((part) => part !== null);
  if (key.length === parts.length) keys.add(key);
}

function asKey(columns: readonly string[], key: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column, index) => [column, key[index] ?? '']));
}
