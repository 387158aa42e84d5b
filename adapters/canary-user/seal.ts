import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';

const ALGORITHM = 'aes-256-gcm';
/** What a key of 128 random bits takes in any spelling. */
const KEY_CHARACTERS_MIN = 22;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 1;

/**
 * Encrypts under a key of its own that is derived from `key`, so that nobody can read or change it unnoticed.
 *
 * @param whose goes into the authentication: what was sealed for one name is not opened for another
 * @throws CutoverFault SECRET_UNUSABLE (a key that can be guessed)
 * Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF).
 */
export function seal(key: string, whose: string, value: unknown): string {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(IV_BYTES)];
  const cipher = createCipheriv(ALGORITHM, derive(key, salt), iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(whose, 'utf8'));
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), salt, iv, cipher.getAuthTag(), text]).toString('base64url');
}

/** @throws CutoverFault SECRET_UNUSABLE (another key, another name, or not as it was sealed) */
export function unseal(key: string, whose: string, sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  const [salt, iv, tag, text] = cut(bytes.subarray(1), [SALT_BYTES, IV_BYTES, TAG_BYTES]);
  try {
    if (bytes[0] !== VERSION) throw new TypeError('of another version');
    const decipher = createDecipheriv(ALGORITHM, derive(key, salt), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(whose, 'utf8'));
    decipher.setAuthTag(tag);
    return JSON.parse(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof CutoverFault) throw error;
    // Not even the cause is kept: an error of JSON quotes what it met.
    throw new CutoverFault(
      'SECRET_UNUSABLE',
      'what is kept of the canary user cannot be opened with `canary.key`; it was sealed with another key, or was changed since',
    );
  }
}

function derive(key: string, salt: Buffer): Uint8Array {
  if (key.length < KEY_CHARACTERS_MIN) {
    throw new CutoverFault(
      'SECRET_UNUSABLE',
      `\`canary.key\` has ${key.length} characters (at least ${KEY_CHARACTERS_MIN}); make one with \`openssl rand -base64 32\``,
    );
  }
  return new Uint8Array(hkdfSync('sha256', key, salt, 'hydra-cutover canary user', 32));
}

function cut(bytes: Buffer, lengths: readonly [number, number, number]): [Buffer, Buffer, Buffer, Buffer] {
  const [first, second, third] = lengths;
  return [
    bytes.subarray(0, first),
    bytes.subarray(first, first + second),
    bytes.subarray(first + second, first + second + third),
    bytes.subarray(first + second + third),
  ];
}
