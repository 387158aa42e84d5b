import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { request } from 'undici';
import { type LoginApp, type OauthClient, type OauthHttp, authorize, exchangeCode } from '../../world/oauth';
import { type AnswerQuestion } from '../../hydra/validation';

/** Elements of lists that were ever written or read in different ways, alone and together. */
export const NASTY_ELEMENTS = [
  'a|b',
  '|',
  '||',
  'a|',
  '|a',
  '\\',
  'a\\',
  '\\|',
  'a\\\\|b',
  '\\\\',
  '',
  '[]',
  '["x"]',
  '"',
  '","',
  "it's",
  '\\u007c',
  '\\n',
  'žluťoučký 🐎',
  '%7C',
  'null',
] as const;

const LISTS: readonly (readonly string[])[] = [
  ...NASTY_ELEMENTS.map((element) => [element]),
  ...NASTY_ELEMENTS.map((element) => ['first', element, 'last']),
  ['', ''],
  ['a|', 'b'],
  ['a\\', '|b'],
  [...NASTY_ELEMENTS],
];

/** What stands in a field that is one text. */
const TEXTS = [
  ...NASTY_ELEMENTS,
  '<b>&amp;</b>',
  '\u2028 \u0001\u001f\u007f\r\n\t',
  ' a ',
  '{}',
  '-0.0',
  '\ud83d',
  `🐎${'x'.repeat(5_000)}`,
] as const;

/** Raw JSON that a login app may hand to the consent page; 1.11.10 keeps it as it was sent. */
const CONTEXTS = [
  '{"cut":"\\ud83d"}',
  '{"cut":"\\udc0e\\ud83d \\ud83d\\udc0e \\\\ud83d"}',
  '{"big":1e999999,"small":1e-999999,"is":-1.5e3}',
  `{"wide":[${'1e131071,'.repeat(5_000)}-1e-16000]}`,
  '{"nul":"a\\u0000b","kept":"\\\\u0000"}',
  '{"a|b":["|","\\\\|"]}',
  '{"nul\\u0000":{"half\\udc0e":1e999999},"nul":["\\ud83d"]}',
  `${'['.repeat(40)}{"deep\\u0000":"\\ud83d","big":-1e999999}${']'.repeat(40)}`,
  `${'['.repeat(9_000)}${']'.repeat(9_000)}`,
  '"text"',
] as const;

/** What {@link populate} made, to be asked about at any Hydra. */
export interface NastyPopulation {
  readonly clients: readonly string[];
  readonly subjects: readonly string[];
  readonly accessTokens: readonly string[];
  /** Elements of lists that 1.11.10 took as a redirect URI's query. */
  readonly redirects: number;
  readonly keySets?: readonly string[];
}

/** Makes clients, logins and consents through the API of a 1.11.10, with everything in them that it takes. */
export async function populate(http: OauthHttp): Promise<NastyPopulation> {
  const tag = randomBytes(4).toString('hex');
  const clients: string[] = [];
  let redirects = 0;
  for (const [index, list] of LISTS.entries()) {
    const id = `${tag}-list-${index}`;
    const uris = list.map((element) => `http://127.0.0.1:9/cb?x=${element}`);
    const free = { audience: list, contacts: list, grant_types: list, response_types: list };
    // Not every element makes a URI that 1.11.10 takes.
    const withUris = {
      redirect_uris: uris,
      request_uris: uris,
      post_logout_redirect_uris: uris,
      allowed_cors_origins: CORS,
    };
    if (await createClient(http, { client_id: id, ...free, ...withUris })) redirects += 1;
    else if (!(await createClient(http, { client_id: id, ...free, redirect_uris: [REDIRECT] }))) continue;
    clients.push(id);
  }
  for (const text of TEXTS) {
    const id = `${tag}-${begin(text)}`;
    if (await createNamedClient(http, id, text)) clients.push(id);
  }
  const keySets: string[] = [];
  for (const [index, text] of TEXTS.entries()) {
    if (await createKeys(http, `${tag}-keys-${index}`, text)) keySets.push(`${tag}-keys-${index}`);
    await createIssuer(http, `${tag}-${index}`, text);
  }
  const client: OauthClient = { id: `${tag}-app`, secret: 'secret-of-app', redirectUri: REDIRECT, scope: SCOPES };
  await createClient(http, {
    client_id: client.id,
    client_secret: client.secret,
    scope: SCOPES.join(' '),
    audience: AUDIENCES,
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
  });
  const subjects: string[] = [];
  const accessTokens: string[] = [];
  for (const [n, list] of LISTS.slice(NASTY_ELEMENTS.length).entries()) {
    const text = TEXTS[n % TEXTS.length] ?? '';
    const subject = `${tag}-user-${n}-${begin(text)}`;
    const answers = { subject, list, text, context: CONTEXTS[n % CONTEXTS.length] ?? '{}' };
    const parameters = { audience: AUDIENCES.join(' '), login_hint: text, ui_locales: text, acr_values: text };
    const code = await authorize(http, { client, loginApp: nastyLoginApp(http, answers), parameters });
    subjects.push(subject);
    accessTokens.push((await exchangeCode(http, client, code)).accessToken);
  }
  return { clients: [...clients, client.id], subjects, accessTokens, redirects, keySets };
}

/** As Go reads it, short enough for a key, and without what 1.11.10 would put into a header where no client takes it. */
function begin(text: string): string {
  return Buffer.from(text.slice(0, 40).replace(/\p{Cc}/gu, '')).toString();
}

/** @returns whether it was taken, with the text in as many fields as it may stand in */
async function createNamedClient(http: OauthHttp, id: string, text: string): Promise<boolean> {
  const free = {
    client_id: id,
    client_name: text,
    owner: text,
    scope: `openid ${text}`,
    contacts: [text],
    metadata: { [text]: [text, 1.1, -0.5e-7, 123456789012345680000, { deeper: { [text]: null } }] },
    jwks: { keys: [publicKey(text)] },
    redirect_uris: [REDIRECT],
  };
  const uris = { client_uri: text, logo_uri: text, policy_uri: text, tos_uri: text };
  return (await createClient(http, { ...free, ...uris })) || (await createClient(http, free));
}

function publicKey(kid: string): Readonly<Record<string, unknown>> {
  const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...key.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

function createKeys(http: OauthHttp, set: string, kid: string): Promise<boolean> {
  return isTaken(http, 'create keys', `/keys/${set}`, { alg: 'ES256', use: 'sig', kid });
}

function createIssuer(http: OauthHttp, id: string, text: string): Promise<boolean> {
  return isTaken(http, 'trust issuer', '/trust/grants/jwt-bearer/issuers', {
    issuer: `https://${id}.example/${text}`,
    subject: `${id} ${begin(text)}`,
    scope: ['first', text, 'last'],
    expires_at: '2100-01-01T00:00:00Z',
    jwk: publicKey(`${id} ${text}`),
  });
}

// 1.11.10 takes nothing but scheme, host and port here.
const CORS = ['https://one.example', 'https://two.example:8443'];
const REDIRECT = 'http://127.0.0.1:9/callback';
const SCOPES = ['openid', 'offline_access', 'read:a|b', 'C:\\share', '\\|', 'say:"yes"'];
const AUDIENCES = ['https://api.example/a|b', 'https://api.example/c'];

interface Answers {
  readonly subject: string;
  readonly list: readonly string[];
  readonly text: string;
  /** JSON as it is sent. */
  readonly context: string;
}

function nastyLoginApp(http: OauthHttp, { subject, list, text, context }: Answers): LoginApp {
  const accept = async (page: 'login' | 'consent', challenge: string, body: string): Promise<URL> => {
    const url = http.adminUrl(`/oauth2/auth/requests/${page}/accept`, { [`${page}_challenge`]: challenge });
    const answer = await request(url, { method: 'PUT', headers: HEADERS, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`accept ${page} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return new URL((JSON.parse(text) as { redirect_to: string }).redirect_to);
  };
  return {
    async visit(url) {
      const login = url.searchParams.get('login_challenge');
      if (login !== null) {
        const rest = JSON.stringify({ subject, amr: list, acr: `urn:"acr|x"${text}`, remember: true }).slice(1);
        return accept('login', login, `{"context":${context},${rest}`);
      }
      const consent = url.searchParams.get('consent_challenge');
      if (consent === null) return undefined;
      const claims = { list, 'a|b': '\ud83d', nul: 'a\u0000b', 'nul\u0000': { 'half\ud83d': ['\u0000'] } };
      return accept(
        'consent',
        consent,
        JSON.stringify({
          grant_scope: [...SCOPES, ...list],
          grant_access_token_audience: [...AUDIENCES, ...list],
          remember: true,
          session: { access_token: claims, id_token: claims },
        }),
      );
    },
  };
}

const HEADERS = { 'content-type': 'application/json', 'x-forwarded-proto': 'https' };

function createClient(http: OauthHttp, json: object): Promise<boolean> {
  return isTaken(http, 'create client', '/clients', json);
}

async function isTaken(http: OauthHttp, operation: string, path: string, json: object): Promise<boolean> {
  const { statusCode } = await http.send({ operation, method: 'POST', url: http.adminUrl(path), json });
  return statusCode === 201;
}

/** What one Hydra says about the population: answers by question and what they are about. */
export type NastyAnswers = ReadonlyMap<string, { readonly question: AnswerQuestion; readonly answer: unknown }>;

/** Asks one Hydra, of either generation, about everything in the population that its API shows. */
export async function ask(
  http: OauthHttp,
  { clients, subjects, accessTokens, keySets = [] }: NastyPopulation,
): Promise<NastyAnswers> {
  const answers = new Map<string, { question: AnswerQuestion; answer: unknown }>();
  // Each test Hydra has an issuer of its own, which request URLs and discovery name.
  const parse = (text: string): unknown =>
    JSON.parse(text.replaceAll(/https:\/\/127\.0\.0\.1:\d+\//g, 'https://issuer.example/'));
  const get = async (question: AnswerQuestion, about: string, url: URL) => {
    const { statusCode, text } = await http.send({ operation: question, method: 'GET', url });
    answers.set(`${question} ${about}`, { question, answer: statusCode === 200 ? parse(text) : statusCode });
  };
  for (const id of clients) await get('client', id, http.adminUrl(`/clients/${encodeURIComponent(id)}`));
  for (const set of keySets) await get('keys', set, http.adminUrl(`/keys/${set}`));
  await get('trusted_issuer', 'all', http.adminUrl('/trust/grants/jwt-bearer/issuers'));
  for (const subject of subjects) {
    await get('consent', subject, http.adminUrl('/oauth2/auth/sessions/consent', { subject }));
  }
  for (const [index, token] of accessTokens.entries()) {
    const url = http.adminUrl('/oauth2/introspect');
    const { text } = await http.send({ operation: 'introspect', method: 'POST', url, form: { token } });
    answers.set(`introspection ${index}`, { question: 'introspection', answer: parse(text) });
  }
  await get('discovery', 'openid-configuration', http.publicUrl('/.well-known/openid-configuration'));
  return answers;
}
