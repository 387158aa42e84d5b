import { type Agent, request } from 'node:http';
import { readRequestHead } from '../../../gateway/core/request-head';
import { kindOfRequest } from '../../../gateway/core/request-kind';
import { targetAt } from '../../../gateway/core/target-at';
import { type ApiGeneration } from '../../../hydra/versions';

export interface AskedHydra {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly apiGeneration: ApiGeneration;
}

interface Asked {
  readonly listener: 'public' | 'admin';
  readonly method: string;
  /** As a client of the gateway writes it. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const JSON_BODY = { 'Content-Type': 'application/json' };
const FORM_BODY = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** What makes a Hydra write, whatever it knows: of each there is one that the other generation has not. */
export function writesOf(client: { readonly id: string; readonly basic: string; readonly token: string }): Asked[] {
  const { id, basic, token } = client;
  const form = (target: string, body: string): Asked => {
    return { listener: 'public', method: 'POST', target, headers: { ...FORM_BODY, Authorization: basic }, body };
  };
  const admin = (method: string, target: string, body?: string): Asked => {
    return { listener: 'admin', method, target, headers: JSON_BODY, ...(body === undefined ? {} : { body }) };
  };
  const begin = `client_id=${id}&response_type=code&state=12345678&scope=openid&redirect_uri=https://client/`;
  return [
    form('/oauth2/token', 'grant_type=client_credentials'),
    form('/oauth2/revoke', `token=${token}`),
    { listener: 'public', method: 'GET', target: `/oauth2/auth?${begin}` },
    admin('POST', '/clients', '{}'),
    admin('PUT', `/clients/${id}`, '{}'),
    admin('DELETE', `/clients/${id}`),
    admin('DELETE', '/keys/some-set'),
    admin('POST', '/keys/some-set', '{"alg":"ES256","use":"sig","kid":"a"}'),
    admin('DELETE', '/oauth2/auth/sessions/consent?subject=somebody&all=true'),
    admin('DELETE', '/oauth2/auth/sessions/login?subject=somebody'),
    admin('DELETE', `/oauth2/tokens?client_id=${id}`),
  ];
}

const encoded = (text: string) => text.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

/** Each makes of a path what some router, proxy or framework takes for the same, and some other for another one. */
const SPELLINGS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.replaceAll('/', '//'),
  (path) => `/.${path}`,
  (path) => `${path}/.`,
  (path) => `${path}/x/..`,
  (path) => `/x/..${path}`,
  (path) => `/x/%2e%2e${path}`,
  (path) => `/userinfo/..${path}`,
  (path) => `/clients/..${path}`,
  (path) => `/clients/..${path.replaceAll('/', '%2f')}`,
  (path) => `/keys/x/..%2F..${path.replaceAll('/', '%2F')}`,
  (path) => `/keys/%2e%2e%5c${path.slice(1).replaceAll('/', '%5C')}`,
  (path) => `/trust/grants/jwt-bearer/issuers/..%c0%af..${path.replaceAll('/', '%c0%af')}`,
  (path) => `/oauth2/register/${encodeURIComponent(path)}`,
  (path) => path.replace(/(?<=.)\//g, '%2f'),
  (path) => path.replace(/(?<=.)\//g, '\\'),
  (path) => encoded(path),
  (path) => encoded(encoded(path)),
  (path) => path.toUpperCase(),
  (path) => `${path};a=b`,
  (path) => path.replace(/(?<=.)\//g, ';a=b/'),
  (path) => `${path}%00`,
  (path) => `${path}%20`,
  (path) => `${path}%zz`,
  (path) => `${path}%ff`,
  (path) => `${path}%3f`,
  (path) => `${path}?`,
  (path) => `/admin/admin${path}`,
  (path) => `/admin//${path}`,
  (path) => `http://hydra.example${path}`,
];

/** Methods that are reads somewhere, each with what makes some frameworks take it for another one. */
function disguises(method: string): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  const override = {
    'X-HTTP-Method-Override': method,
    'X-HTTP-Method': method,
    'X-Method-Override': method,
    'X-Original-Method': method,
  };
  return [
    [method, {}],
    ['GET', override],
    ['HEAD', override],
    ['OPTIONS', {}],
    ['OPTIONS', { ...override, Origin: 'https://client', 'Access-Control-Request-Method': method }],
    ['POST', override],
  ];
}

/** Paths that read, which say elsewhere that they mean something else. */
function elsewhere(write: Asked): Asked[] {
  const [path = '', query = ''] = write.target.split('?');
  const { listener, method, headers = {}, body } = write;
  const url = { 'X-Original-URL': path, 'X-Rewrite-URL': path, 'X-Forwarded-Prefix': path };
  const reads =
    listener === 'public' ? ['GET /userinfo', 'POST /userinfo'] : ['GET /clients', 'POST /oauth2/introspect'];
  return reads.flatMap((read) => {
    const [its = '', target = ''] = read.split(' ');
    const more = disguises(method).map(([, override]) => override);
    return more.map((override) => ({
      ...{ listener, method: its, target: `${target}?${query}&_method=${method}` },
      headers: { ...headers, ...url, ...override },
      ...(its === 'POST' && body !== undefined ? { body } : {}),
    }));
  });
}

/** @returns what the gateway would take for a read, of all spellings of what writes */
export function takenForReads(writes: readonly Asked[], generation: ApiGeneration): Asked[] {
  const kindOf = kindOfRequest({ blue: generation, green: generation });
  const spelled = writes.flatMap((write) => {
    const [path = '', query] = write.target.split('?');
    return SPELLINGS.flatMap((spell) => {
      const target = query === undefined ? spell(path) : `${spell(path)}?${query}`;
      return disguises(write.method).map(([method, more]) => ({
        ...{ ...write, method, target },
        headers: { ...write.headers, ...more },
      }));
    });
  });
  return [...spelled, ...writes.flatMap(elsewhere)].filter(
    (asked) => kindOf(asked.listener, asked.method, forwarded(asked)) === 'read',
  );
}

/** Path and query as the gateway sends them on. */
function forwarded({ method, target }: Asked): string {
  const head = readRequestHead({ method, target, rawHeaders: [], clientAddress: '192.0.2.1', maxHeaderCount: 100 });
  if (!head.ok) throw new Error(`${target}: ${head.message}`);
  return head.target;
}

/** @returns the status; as the gateway asks, and nothing rewrites the path on the way */
export function ask(hydra: AskedHydra, agent: Agent, asked: Asked): Promise<number> {
  const { listener, method, body } = asked;
  const { hostname, port } = new URL(listener === 'public' ? hydra.publicUrl : hydra.adminUrl);
  const path = targetAt(hydra.apiGeneration, listener, forwarded(asked));
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const headers = { 'X-Forwarded-Proto': 'https', ...asked.headers, ...length };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    // Hydra's server refuses some with a body after a HEAD, which has none.
    sent.on('error', (error) =>
      'code' in error && error.code === 'HPE_CLOSED_CONNECTION' ? resolve(400) : reject(error),
    );
    sent.end(body);
  });
}
