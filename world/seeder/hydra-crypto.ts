import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const TOKEN_KINDS = ['access', 'refresh', 'code'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Names one seeded token; the same name and seed always give the same token. */
export interface TokenName {
  readonly seed: number;
  readonly kind: TokenKind;
  /** Number of the grant, from 1. */
  readonly grant: number;
  /** 0 for the tokens of the first answer, then one more for each refresh. */
  readonly rotation: number;
}

export interface OpaqueToken {
  /** What the client holds. */
  readonly token: string;
  /** What the database holds. */
  readonly signature: string;
}

/**
 * The key that Hydra signs tokens and encrypts sessions with: SHA-256 of the first `secrets.system`.
 *
 * Source: docs/hydra/facts.md, "How sessions of tokens are encrypted"; proven against the real binary by the integration test.
 */
export function systemKey(systemSecret: string): Buffer {
  return createHash('sha256').update(systemSecret).digest();
}

/** An opaque token as 1.11.10 makes it, `base64url(key).base64url(HMAC-SHA512/256(systemKey, key))`, its key derived from its name. */
export function opaqueToken(name: TokenName, key: Buffer): OpaqueToken {
  const random = createHash('sha256').update(`token:${name.seed}:${name.kind}:${name.grant}:${name.rotation}`).digest();
  const signature = createHmac('sha512-256', key).update(random).digest('base64url');
  return { token: `${random.toString('base64url')}.${signature}`, signature };
}

/**
 * AES-256-GCM without additional data, `nonce|ciphertext|tag` in padded base64url, as 1.11.10 stores `session_data` and `keydata`.
 *
 * @param name what is encrypted; the nonce derives from it, so a name must never be used for two texts under one key.
 */
export function encrypt(plaintext: string, key: Buffer, name: string): string {
  const nonce = createHash('sha256').update(`nonce:${name}`).digest().subarray(0, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return body.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** @throws when the key is another one or the text was changed */
export function decrypt(encrypted: string, key: Buffer): string {
  const body = Buffer.from(encrypted, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  return decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
}
