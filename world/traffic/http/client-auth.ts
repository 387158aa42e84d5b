import { randomBytes } from 'node:crypto';
import { type ClientRecord, SIGNING_KEY_ID } from '../population/client-record';
import { signJwt } from './jwt';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_LIFE_S = 60;

export interface Authenticated {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/**
 * Adds the client's proof to a form.
 *
 * @param tokenEndpoint the audience of assertions. Hydra wants it at `/oauth2/revoke` too (seen on 1.11.10 and 2.3.0).
 * @param secret @default the client's own
 * Source: RFC 6749, section 2.3.1; RFC 7523, section 2.2.
 */
export function authenticated(
  client: ClientRecord,
  form: Readonly<Record<string, string>>,
  tokenEndpoint: string,
  secret: string | undefined = client.secret,
): Authenticated {
  switch (client.authMethod) {
    case 'none':
      return { headers: {}, form: { ...form, client_id: client.id } };
    case 'client_secret_basic': {
      const pair = `${encodeURIComponent(client.id)}:${encodeURIComponent(secret ?? '')}`;
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form };
    }
    case 'client_secret_post':
      return { headers: {}, form: { ...form, client_id: client.id, client_secret: secret ?? '' } };
    case 'private_key_jwt':
      return {
        headers: {},
        form: { ...form, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion(client, tokenEndpoint) },
      };
  }
}

function assertion(client: ClientRecord, audience: string): string {
  if (client.privateKey === undefined) throw new Error(`client ${client.id} has no key to sign with`);
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: client.id,
    sub: client.id,
    aud: audience,
    jti: randomBytes(16).toString('hex'),
    iat: now,
    exp: now + ASSERTION_LIFE_S,
  };
  return signJwt(claims, client.privateKey, SIGNING_KEY_ID);
}
