import { gunzipSync } from 'node:zlib';
import { xchacha20poly1305 } from '@noble/ciphers/chacha';
import { type NamedChallenge, type StaleChallengeKind } from '../core/stale-challenge';
import { type DerivedKeys } from './derived-keys';

const NONCE_BYTES = 24;
/** A header holds less, and what it unpacks to is a login. */
const FLOW_BYTES_MAX = 1_048_576;

/** What Hydra binds each of them to, so that none can be taken for another. */
const PURPOSES: Readonly<Record<StaleChallengeKind, string>> = {
  login_challenge: '{}',
  login_verifier: '{"p":1}',
  consent_challenge: '{"p":2}',
  consent_verifier: '{"p":3}',
};

/**
 * Reads a login that Hydra 2.2.0 keeps in the challenge: XChaCha20-Poly1305 of gzipped JSON, whose fields have their Go names. 2.3.0
 * writes letters instead, so that what it made itself is told apart.
 *
 * @returns the address that the browser began with; undefined for anything else
 * Source: ory/hydra at tag v2.2.0, oauth2/flowctx/encoding.go, aead/xchacha20.go, flow/flow.go; both binaries.
 */
export function requestUrlOfFlow(keys: DerivedKeys, { kind, value }: NamedChallenge): string | undefined {
  const sealed = Buffer.from(value, 'base64url');
  if (sealed.length <= NONCE_BYTES) return undefined;
  const [nonce, text] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)];
  for (const key of keys) {
    try {
      const packed = xchacha20poly1305(key, nonce, Buffer.from(PURPOSES[kind])).decrypt(text);
      const flow = JSON.parse(gunzipSync(packed, { maxOutputLength: FLOW_BYTES_MAX }).toString()) as unknown;
      const { RequestURL: began } = (flow ?? {}) as { readonly RequestURL?: unknown };
      return typeof began === 'string' && began !== '' ? began : undefined;
    } catch {
      // Of another key, of another kind, or no such thing: Hydra says what it is.
    }
  }
  return undefined;
}
