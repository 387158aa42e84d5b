import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { z } from 'zod';
import { parsedJson } from '../../domain/json';

const header = z.object({ alg: z.enum(['RS256', 'ES256']), kid: z.string() });
const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  events: z.record(z.string(), z.unknown()),
  nonce: z.undefined().optional(),
});

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Whether this is a logout token for `clientId`, signed by one of these keys.
 *
 * @param keys of the published key set
 * @returns what is wrong with it, null when nothing is
 * Source: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6.
 */
export function logoutTokenProblem(
  token: string,
  clientId: string,
  keys: readonly (JsonWebKey & { readonly kid?: string })[],
): string | null {
  const [head = '', body = '', signature = ''] = token.split('.');
  const said = header.safeParse(jsonOf(head));
  if (!said.success) return 'it is no JWT of a kind that is known';
  const { alg, kid } = said.data;
  const signed = Buffer.from(`${head}.${body}`);
  const isSigned = keys
    .filter((key) => key.kid === kid)
    .some((key) => isSignedBy(alg, key, signed, Buffer.from(signature, 'base64url')));
  if (!isSigned) return 'none of the published keys has signed it';
  const told = claims.safeParse(jsonOf(body));
  if (!told.success || !(LOGOUT_EVENT in told.data.events)) return 'it reports no logout';
  return [told.data.aud].flat().includes(clientId) ? null : 'it is for another client';
}

function isSignedBy(alg: 'RS256' | 'ES256', jwk: JsonWebKey, signed: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return verify('sha256', signed, alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, signature);
  } catch {
    // A key of another kind than the token says.
    return false;
  }
}

function jsonOf(part: string): unknown {
  return parsedJson(Buffer.from(part, 'base64url').toString('utf8'));
}
