import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type FlowKeys } from './flow-plan';
import { type NamedKeys, TOKEN_TABLES, type TokenTable } from './log-keys';

/** Rows that belong to what the log names: on green as it is, on blue in the round's snapshot. */
export interface Closure {
  /** Every flow of green with one of the keys. */
  readonly flows: readonly FlowKeys[];
  readonly named: NamedKeys<'closed'>;
}

/**
 * Follows the ties between logins and consents on both sides until nothing new turns up, so that a flow is never judged by half
 * of its keys: a consent's login may be gone on blue, a login may have another consent than green knows.
 *
 * Adds to `named`.
 */
export async function closeOverFlows(
  blue: SqlClient,
  green: SqlClient,
  named: NamedKeys<'with tokens'>,
): Promise<Closure> {
  const { logins, consents } = named;
  for (;;) {
    const flows = await readFlows(green, logins, consents);
    for (const { login, consent } of flows) {
      logins.add(login);
      if (consent !== null) consents.add(consent);
    }
    const before = logins.size + consents.size;
    for (const row of await readTies(blue, logins, consents)) {
      consents.add(row.consent);
      if (row.login !== null) logins.add(row.login);
    }
    if (logins.size + consents.size === before) return { flows, named: named as NamedKeys as NamedKeys<'closed'> };
  }
}

async function readFlows(green: SqlClient, logins: Set<string>, consents: Set<string>): Promise<FlowKeys[]> {
  if (logins.size + consents.size === 0) return [];
  return queryRows<FlowKeys>(
    green,
    `SELECT login_challenge AS login, consent_challenge_id AS consent FROM hydra_oauth2_flow
      WHERE login_challenge = ANY($1::text[])
     UNION
     SELECT login_challenge, consent_challenge_id FROM hydra_oauth2_flow WHERE consent_challenge_id = ANY($2::text[])`,
    [[...logins], [...consents]],
  );
}

async function readTies(
  blue: SqlClient,
  logins: Set<string>,
  consents: Set<string>,
): Promise<{ login: string | null; consent: string }[]> {
  if (logins.size + consents.size === 0) return [];
  return queryRows(
    blue,
    `SELECT login_challenge AS login, challenge AS consent FROM hydra_oauth2_consent_request WHERE challenge = ANY($2::text[])
     UNION
     SELECT login_challenge, challenge FROM hydra_oauth2_consent_request WHERE login_challenge = ANY($1::text[])`,
    [[...logins], [...consents]],
  );
}

/** Adds every token of these grants, on either side, to what is named. Tokens of a grant carry its request_id. */
export async function addTokensOf(
  blue: SqlClient,
  green: SqlClient,
  named: NamedKeys<'named'>,
  requests: readonly string[],
): Promise<NamedKeys<'with revocations'>> {
  const followed = named as NamedKeys as NamedKeys<'with revocations'>;
  if (requests.length === 0) return followed;
  for (const side of [blue, green]) {
    const rows = await queryRows<{ table: TokenTable; signature: string }>(
      side,
      TOKEN_TABLES.map((table) => tokensOfSql(table)).join(' UNION ALL '),
      [requests],
    );
    for (const { table, signature } of rows) named.rows[table].add([signature]);
  }
  return followed;
}

/** Codes, PKCE and OpenID rows are found by their consent, which is their request_id: green has no index on request_id there. */
function tokensOfSql(table: TokenTable): string {
  const column = table === 'hydra_oauth2_access' || table === 'hydra_oauth2_refresh' ? 'request_id' : 'challenge_id';
  return `SELECT '${table}' AS "table", signature FROM ${table} WHERE ${column} = ANY($1::text[])`;
}
