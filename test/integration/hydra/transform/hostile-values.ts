import { type Client } from 'pg';
import { type Random } from './random';

const LIST_PARTS = [
  'openid',
  '',
  ' ',
  '[]',
  '[',
  ']',
  '"',
  '""',
  '\\',
  '\\\\',
  '\\"',
  '\\u0041',
  '\\u0000',
  '\\n',
  '\n',
  '\t\r',
  '\u0001\u001f\u007f',
  "it's",
  'žluťoučký kůň',
  '喫茶店 🐎',
  '{}',
  'null',
  ',',
  '","',
  'https://app.example/cb?a=1&b=%7C#x',
  '\\|',
  'a\\|b',
  '\\\\|',
  'https://app.example/cb?x=a\\|\\|b\\\\',
  'x'.repeat(9_000),
] as const;

/** All of it can be stored, as it is or corrected. */
const JSON_TEXTS = [
  '{}',
  ' {} ',
  '',
  'null',
  'true',
  '[]',
  '"text | with \\" and \\\\"',
  '{"a":1.0,"b":1e2,"c":12345678901234567890,"d":0.10}',
  '{"b":1,"a":2,"b":3}',
  '{"nul":"a\\u0000b","kept":"\\\\u0000","both":"\\\\\\u0000\\u0000"}',
  '\n{"deep":{"er":[[[[{}]]]],"u":"\\ud83d\\udc0e ž"}}\n',
  '{"half":"\\ud83d","turned":"\\udc0e\\ud83d","two":"\\ud83d\\ud83d\\udc0e","kept":"\\\\ud83d","end":"\\ud83d\\\\"}',
  '{"half \\udc0e":[1e999999,-1E+999999, 1e-999999,"1e999999",{"n":-0.5e+2}],"nul":"\\u0000\\ud83d\\u0000"}',
  `{"long":"${'y'.repeat(20_000)}"}`,
  '{"wide":[1e131071,-1E+0005000,1e-2000,1e999],"text 1e5000":"1e131071 \\" 1e131071","e":0e1000}',
] as const;

const TIMES = [
  'infinity',
  '-infinity',
  '0001-01-01 00:00:00',
  '0044-03-15 00:00:00 BC',
  '2024-02-29 23:59:59.999999',
] as const;

const LISTS: Readonly<Record<string, readonly string[]>> = {
  hydra_client:
    'redirect_uris grant_types response_types audience allowed_cors_origins contacts request_uris post_logout_redirect_uris'.split(
      ' ',
    ),
  hydra_oauth2_authentication_request: ['requested_scope', 'requested_at_audience?'],
  hydra_oauth2_authentication_request_handled: ['amr'],
  hydra_oauth2_consent_request: ['requested_scope', 'requested_at_audience?', 'amr'],
  hydra_oauth2_consent_request_handled: ['granted_scope', 'granted_at_audience?'],
  // Not lists on green, but the same hostile texts.
  hydra_oauth2_access: ['scope', 'form_data', 'requested_audience?'],
  hydra_oauth2_refresh: ['granted_scope', 'session_data', 'granted_audience?'],
  hydra_oauth2_trusted_jwt_bearer_issuer: ['scope'],
};

const JSONS: Readonly<Record<string, readonly string[]>> = {
  hydra_oauth2_authentication_request: ['oidc_context'],
  hydra_oauth2_authentication_request_handled: ['context'],
  hydra_oauth2_consent_request: ['oidc_context', 'context'],
  hydra_oauth2_consent_request_handled: ['session_access_token', 'session_id_token'],
};

const OTHERS: readonly { readonly sql: string; readonly values: readonly [string | null, ...(string | null)[]] }[] = [
  ...[
    ['hydra_oauth2_authentication_request', 'requested_at'],
    ['hydra_oauth2_consent_request_handled', 'handled_at'],
    ['hydra_oauth2_authentication_session', 'authenticated_at'],
    ['hydra_oauth2_consent_request', 'authenticated_at'],
    ['hydra_client', 'updated_at'],
    ['hydra_oauth2_refresh', 'requested_at'],
    ['hydra_oauth2_jti_blacklist', 'expires_at'],
  ].map(([table, column]) => ({ sql: `UPDATE ${table} SET ${column} = $1`, values: TIMES })),
  ...[
    ['hydra_oauth2_authentication_request_handled', 'error'],
    ['hydra_oauth2_consent_request_handled', 'error'],
  ].map(([table, column]) => ({
    sql: `UPDATE ${table} SET ${column} = $1`,
    values: ['', '{}', '{"error":"access_denied"}', 'null'] as const,
  })),
  { sql: 'UPDATE hydra_oauth2_consent_request SET acr = $1', values: ['', null, 'urn:"x"'] },
  { sql: 'UPDATE hydra_oauth2_consent_request SET forced_subject_identifier = $1', values: ['', null, 'forced ž'] },
  { sql: 'UPDATE hydra_oauth2_authentication_request SET subject = $1', values: ['', 'someone else'] },
  { sql: 'UPDATE hydra_oauth2_consent_request_handled SET remember_for = $1', values: ['0', '-1', '2147483647'] },
  { sql: 'UPDATE hydra_oauth2_authentication_request_handled SET was_used = $1', values: ['true', 'false'] },
  {
    sql: 'UPDATE hydra_client SET refresh_token_grant_refresh_token_lifespan = $1',
    values: ['9223372036854775807', '-1', null],
  },
  // What the rules are about, in any combination. Equal times leave it to the challenge which of two consents is kept.
  { sql: 'DELETE FROM hydra_oauth2_authentication_request_handled', values: [null] },
  { sql: 'DELETE FROM hydra_oauth2_authentication_session', values: [null] },
  { sql: 'DELETE FROM hydra_oauth2_authentication_request', values: [null] },
  { sql: `UPDATE hydra_oauth2_consent_request SET requested_at = '2026-01-01'`, values: [null] },
  {
    sql: `UPDATE hydra_oauth2_consent_request SET login_challenge =
      (SELECT challenge FROM hydra_oauth2_authentication_request ORDER BY md5(challenge || ctid::text) LIMIT 1)`,
    values: [null],
  },
];

/** In everything that a login request and its answer have too, so that it shows which of them a value comes from. */
const CONSENTS_OF_THEIR_OWN = `
  UPDATE hydra_oauth2_consent_request SET subject = left(subject, 200) || ' consent', acr = 'acr of consent', amr = 'amr|of consent',
    forced_subject_identifier = 'forced of consent', context = '{"of":"consent"}', oidc_context = '{"oidc":"consent"}',
    requested_scope = 'scope|of consent', requested_at_audience = 'audience|of consent', request_url = 'https://consent.example',
    authenticated_at = requested_at + interval '1 hour'
  WHERE hashtext(challenge) % 3 = 0`;

/** Puts values where no seeder would put them; the keys of Hydra's tables stay in force. */
export async function makeHostile(client: Client, random: Random, edits: number): Promise<void> {
  const list = () => Array.from({ length: random.below(4) }, () => random.pick(LIST_PARTS)).join('|');
  await client.query(CONSENTS_OF_THEIR_OWN);
  for (let edit = 0; edit < edits; edit += 1) {
    const [tables, value] = random.below(2) === 0 ? [LISTS, list] : [JSONS, () => random.pick(JSON_TEXTS)];
    for (const [table, columns] of Object.entries(tables)) {
      for (const column of columns) {
        const nullable = column.endsWith('?') && random.below(4) === 0;
        const sql = `UPDATE ${table} SET ${column.replace('?', '')} = $1`;
        await onSome(client, random, sql, nullable ? null : value());
      }
    }
    for (const other of OTHERS) await onSome(client, random, other.sql, random.pick(other.values));
  }
  await client.query(EACH_TEXT, [JSON_TEXTS]);
}

/** Whatever is drawn, each of the texts is the context of a login. */
const EACH_TEXT = `
  UPDATE hydra_oauth2_authentication_request_handled AS answer SET context = text.text
    FROM (SELECT challenge, row_number() OVER (ORDER BY challenge) AS nr FROM hydra_oauth2_authentication_request_handled) AS numbered
    JOIN unnest($1::text[]) WITH ORDINALITY AS text(text, nr) USING (nr)
   WHERE answer.challenge = numbered.challenge`;

/** About one row in twelve. */
async function onSome(client: Client, random: Random, sql: string, value: string | null): Promise<void> {
  const salt = random.below(1_000_000);
  const some = `hashtext(ctid::text || '${salt}') % 12 = 0`;
  await client.query(`${sql} WHERE ${some}`, sql.includes('$1') ? [value] : []);
}
