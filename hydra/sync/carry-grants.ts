import { randomBytes } from 'node:crypto';
import { type SqlClient, queryRows, together } from '../../domain/ports/sql-client';
import { tableOf } from '../paths/copy-path';
import { type NamedKeys, TOKEN_TABLES, type TokenTable } from './log-keys';
import { readBounded } from './read-bounded';
import { textsOf } from './row-block';
import { type WriteContext, deleteTokens, upsertRows } from './write-rows';

/** Signatures that are looked at at once. */
const PAGE_ROWS = 2_000;

/** Codes, PKCE and OpenID rows are found by their consent, which is their request_id: the target has no index on request_id there. */
function grantColumn(table: TokenTable): 'request_id' | 'challenge_id' {
  return table === 'hydra_oauth2_access' || table === 'hydra_oauth2_refresh' ? 'request_id' : 'challenge_id';
}

/**
 * Names what tokens of these grants need on the target before they can be written there: their consents and clients. That is few, however
 * many tokens a grant has.
 */
export async function nameParentsOf(
  from: SqlClient,
  named: NamedKeys<'named'>,
  grants: readonly string[],
): Promise<NamedKeys<'with revocations'>> {
  const followed = named as NamedKeys as NamedKeys<'with revocations'>;
  if (grants.length === 0) return followed;
  const parents = TOKEN_TABLES.map(
    (table) =>
      `SELECT challenge_id AS consent, client_id AS client FROM ${table} WHERE ${grantColumn(table)} = ANY($1::text[])`,
  );
  const rows = await queryRows<{ consent: string | null; client: string }>(from, parents.join(' UNION '), [grants]);
  for (const { consent, client } of rows) {
    if (consent !== null) named.consents.add(consent);
    named.rows.hydra_client.add([client]);
  }
  return followed;
}

/** @returns signatures of tokens of these grants that can be used on the source */
export async function activeTokensOf(from: SqlClient, grants: readonly string[]): Promise<readonly string[]> {
  if (grants.length === 0) return [];
  const rows = await queryRows<{ signature: string }>(
    from,
    ['hydra_oauth2_access', 'hydra_oauth2_refresh']
      .map((table) => `SELECT signature FROM ${table} WHERE request_id = ANY($1::text[]) AND active`)
      .join(' UNION ALL '),
    [grants],
  );
  return rows.map(({ signature }) => signature);
}

/**
 * Makes all tokens of these grants on the target equal to the source's, in the caller's transactions and a page at a time: a grant that was
 * refreshed every hour for two years has 17,500. Their parents are there. Most have a few, which were asked for at once.
 *
 * @param made whose rows are equal already
 * @returns how many rows changed
 */
export async function carryGrants(
  from: SqlClient,
  context: WriteContext,
  grants: readonly string[],
  known: readonly TokensOfGrants[],
  made: NamedKeys<'closed'>,
): Promise<number> {
  const few = known.filter((side) => side !== 'many');
  if (few.length === known.length) {
    const carryFew = (table: TokenTable) => async () => {
      const signatures = new Set(few.flatMap((side) => side.get(table) ?? []));
      const open = [...signatures].filter((signature) => !made.rows[table].has([signature]));
      return carryPage(from, context, table, open);
    };
    const counts = await together(context.to, TOKEN_TABLES.map(carryFew));
    return counts.reduce((sum, count) => sum + count, 0);
  }
  let changed = 0;
  for (const table of TOKEN_TABLES) {
    for await (const page of signaturesOf(context.to, table, grants)) {
      changed += await carryPage(from, context, table, page);
    }
    for await (const page of signaturesOf(from, table, grants)) {
      const there = await queryRows<{ signature: string }>(
        context.to,
        `SELECT signature FROM ${table} WHERE signature = ANY($1::text[])`,
        [page],
      );
      const known = new Set(there.map(({ signature }) => signature));
      changed += await carryPage(
        from,
        context,
        table,
        page.filter((signature) => !known.has(signature)),
      );
    }
  }
  return changed;
}

type SignaturesByTable = ReadonlyMap<TokenTable, readonly string[]>;
export type TokensOfGrants = SignaturesByTable | 'many';

/**
 * Names the tokens of these grants on one side, where they are few. The target may be written after it was asked: what changes there is made
 * equal by its own name, and what is named here besides is looked up on the source.
 */
export async function tokensOf(client: SqlClient, grants: readonly string[]): Promise<TokensOfGrants> {
  const found = new Map<TokenTable, string[]>();
  if (grants.length === 0) return found;
  const selects = TOKEN_TABLES.map(
    (table) =>
      `(SELECT '${table}' AS "table", signature FROM ${table} WHERE ${grantColumn(table)} = ANY($1::text[]) LIMIT ${PAGE_ROWS})`,
  );
  const sql = `${selects.join(' UNION ALL ')} LIMIT ${PAGE_ROWS}`;
  const rows = await queryRows<{ table: TokenTable; signature: string }>(client, sql, [grants]);
  if (rows.length >= PAGE_ROWS) return 'many';
  for (const { table, signature } of rows) found.set(table, [...(found.get(table) ?? []), signature]);
  return found;
}

async function carryPage(
  from: SqlClient,
  context: WriteContext,
  table: TokenTable,
  signatures: readonly string[],
): Promise<number> {
  if (signatures.length === 0) return 0;
  let changed = 0;
  const gone = new Set(signatures);
  const keys = signatures.map((signature) => ({ signature }));
  for await (const block of readBounded(from, tableOf(context.path, table), keys, PAGE_ROWS)) {
    for (const signature of textsOf([block], 'signature')) gone.delete(signature);
    changed += await upsertRows(context, table, [block]);
  }
  return changed + (await deleteTokens(context, table, [...gone]));
}

/** In pages, as they were when it began. */
async function* signaturesOf(
  client: SqlClient,
  table: TokenTable,
  grants: readonly string[],
): AsyncGenerator<readonly string[]> {
  const cursor = `hydra_cutover_${randomBytes(6).toString('hex')}`;
  await client.query(
    `DECLARE ${cursor} INSENSITIVE NO SCROLL CURSOR FOR SELECT signature FROM ${table} WHERE ${grantColumn(table)} = ANY($1::text[])`,
    [grants],
  );
  for (;;) {
    const rows = await queryRows<{ signature: string }>(client, `FETCH ${PAGE_ROWS} FROM ${cursor}`);
    if (rows.length > 0) yield rows.map(({ signature }) => signature);
    if (rows.length < PAGE_ROWS) break;
  }
  await client.query(`CLOSE ${cursor}`);
}
