import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type BegunCookie, type LoginClient } from '../../domain/ports/hydra-api';
import { type HydraCall, type HydraHttp, setCookieLines, unexpected } from './hydra-http';

/** The sets that sign ID tokens and access tokens, in both generations. */
const SIGNING_SETS = ['hydra.openid.id-token', 'hydra.jwt.access-token'] as const;

/** Of RSA, EC and OKP keys. Source: RFC 7518, 6.2.1 and 6.3.1; RFC 8037, 2. */
const PUBLIC_MEMBERS = ['kty', 'n', 'e', 'crv', 'x', 'y'] as const;

const jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** Asks the admin API for the sets themselves: a 2.x that may not write yet fails at the published document. */
export async function signingKeys(http: HydraHttp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const set of SIGNING_SETS) {
    const call: HydraCall = { listener: 'admin', method: 'GET', path: `/keys/${set}` };
    const answer = await http.call(call);
    if (answer.status === 404) continue;
    const parsed = jwks.safeParse(answer.json);
    if (answer.status !== 200 || !parsed.success) throw unexpected(http, call, answer, '200 with keys, or 404');
    for (const key of parsed.data.keys) found.push(thumbprint(http, key));
  }
  return [...new Set(found)].sort();
}

/** Of the public part alone, whether the API gives the private one too or not. */
function thumbprint(http: HydraHttp, jwk: Readonly<Record<string, unknown>>): string {
  const key = Object.fromEntries(
    PUBLIC_MEMBERS.flatMap((name) => (jwk[name] === undefined ? [] : [[name, jwk[name]]])),
  );
  try {
    const der = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(der).digest('base64url');
  } catch {
    // Not even its parse error is quoted: it may hold a private key.
    throw new CutoverFault('HYDRA_UNEXPECTED', `${http.name} has a signing key that cannot be read`);
  }
}

export interface LoginBegun {
  readonly cookies: readonly BegunCookie[];
  readonly refused?: string;
}

/** One request of a browser to the authorization endpoint. With PKCE, so that a client that needs it is answered as the others. */
export async function loginCookies(http: HydraHttp, client: LoginClient): Promise<LoginBegun> {
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    scope: client.scope,
    redirect_uri: client.redirectUri,
    state: randomBytes(12).toString('hex'),
    nonce: randomBytes(12).toString('hex'),
    code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const call: HydraCall = { listener: 'public', method: 'GET', path: `/oauth2/auth?${query.toString()}` };
  const answer = await http.call(call);
  if (answer.status >= 500) throw unexpected(http, call, answer, 'a redirect to the login');
  const { location } = answer.headers;
  const to = typeof location === 'string' && URL.canParse(location) ? new URL(location) : undefined;
  if (to?.searchParams.has('login_challenge') !== true) {
    const error = to?.searchParams.get('error') ?? `status ${answer.status}`;
    return { cookies: [], refused: error.slice(0, 60) };
  }
  return { cookies: setCookieLines(answer.headers).map(readCookie) };
}

function readCookie(line: string): BegunCookie {
  const [pair = ''] = line.split(';', 1);
  const end = Math.max(0, pair.indexOf('='));
  return { name: pair.slice(0, end).trim(), value: pair.slice(end + 1).trim() };
}

/** As the browser of a page at `origin` asks before it sends its own request. */
export async function allowsOrigin(http: HydraHttp, origin: string): Promise<boolean> {
  const answer = await http.call({
    listener: 'public',
    method: 'OPTIONS',
    path: '/oauth2/token',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  });
  const allowed = answer.headers['access-control-allow-origin'];
  return allowed === origin || allowed === '*';
}
