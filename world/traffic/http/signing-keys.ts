import { createHash, type JsonWebKey } from 'node:crypto';
import { type HydraApi } from './hydra-api';
import { ask, bodyOf } from './answer';
import { isSignedBy, readJwt } from './jwt';

export type IdTokenProblem = 'unknown key' | 'bad signature' | 'not a JWT';

/** Hydra's published keys as clients cache them: fetched once, again for a key id that is not known. */
export class SigningKeys {
  private known = new Map<string, JsonWebKey>();
  /** Keys that id tokens were signed with, by key id: each must stay published as it is. */
  readonly used = new Map<string, string>();

  constructor(private readonly api: HydraApi) {}

  /** @returns the published keys by id, undefined when they cannot be read */
  async fetch(): Promise<ReadonlyMap<string, JsonWebKey> | undefined> {
    const url = this.api.http.publicUrl('/.well-known/jwks.json');
    const answer = await ask(this.api.http, { operation: 'jwks', method: 'GET', url }, [200]);
    if (answer.kind !== 'ok') return undefined;
    const keys = bodyOf(answer.value)['keys'];
    if (!Array.isArray(keys)) return undefined;
    return new Map((keys as JsonWebKey[]).map((key) => [String(key['kid']), key]));
  }

  /** @returns the issuer that discovery names, undefined when it cannot be read */
  async issuer(): Promise<string | undefined> {
    const url = this.api.http.publicUrl('/.well-known/openid-configuration');
    const answer = await ask(this.api.http, { operation: 'discovery', method: 'GET', url }, [200]);
    const issuer = answer.kind === 'ok' ? bodyOf(answer.value)['issuer'] : undefined;
    return typeof issuer === 'string' ? issuer : undefined;
  }

  /** @returns undefined when the token is signed by a published key, or when the keys cannot be read now */
  async problemOf(idToken: string): Promise<IdTokenProblem | undefined> {
    const keyId = readJwt(idToken)?.keyId;
    if (keyId === undefined) return 'not a JWT';
    if (!this.known.has(keyId)) {
      const fetched = await this.fetch();
      if (fetched === undefined) return undefined;
      this.known = new Map([...this.known, ...fetched]);
    }
    const key = this.known.get(keyId);
    if (key === undefined) return 'unknown key';
    if (!isSignedBy(idToken, key)) return 'bad signature';
    this.used.set(keyId, thumbprint(key));
    return undefined;
  }
}

/** Source: RFC 7638, for RSA keys. */
export function thumbprint(key: JsonWebKey): string {
  const { e, kty, n } = key;
  return createHash('sha256').update(JSON.stringify({ e, kty, n })).digest('base64url');
}
