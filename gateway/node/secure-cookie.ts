import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** One pair of gorilla/securecookie: what signs, and what encrypts if anything does (AES-128, 192 or 256 by its length). */
export interface CookieKeys {
  readonly hash: Buffer;
  readonly block: Buffer | undefined;
}

export interface OpenedCookie {
  /** Unix seconds, as the cookie carries them: when it was made. */
  readonly madeAt: string;
  /** The session in Go's gob encoding, still encrypted when `keys` of the reader had no block key and the writer's had. */
  readonly value: Buffer;
}

const BLOCK_KEY_BYTES = [16, 24, 32];
const IV_BYTES = 16;
/** The longest that either Hydra reads (the default of gorilla/securecookie). */
const COOKIE_MAX_LENGTH = 4_096;
const DATE = /^\d{1,19}$/;

/**
 * The pairs that Hydra 1.x makes of its cookie secrets: it hands the list to gorilla/sessions as it is, so that every second
 * one is a block key, and with a single one nothing is encrypted (1.11.10, `driver/registry_base.go`).
 */
export function keysOfHydra1(secrets: readonly Buffer[]): CookieKeys[] {
  const pairs: CookieKeys[] = [];
  for (let index = 0; index < secrets.length; index += 2) {
    pairs.push({ hash: secrets[index] as Buffer, block: secrets[index + 1] });
  }
  // Hydra reads and writes nothing with a block key that is none.
  return pairs.filter(({ block }) => block === undefined || BLOCK_KEY_BYTES.includes(block.length));
}

/** The pair that Hydra 2.x writes with: the first secret signs, its SHA-256 encrypts (2.3.0, `driver/registry_sql.go`). */
export function keysOfHydra2(secrets: readonly [Buffer, ...Buffer[]]): CookieKeys {
  const [hash] = secrets;
  return { hash, block: createHash('sha256').update(hash).digest() };
}

/**
 * Checks the signature and takes the encryption off: `base64url(date|base64url(value)|mac)`, where the signature covers
 * `name|date|value`.
 * @returns undefined when it was not made with these keys
 */
export function openCookie(name: string, cookie: string, keys: CookieKeys): OpenedCookie | undefined {
  if (cookie.length > COOKIE_MAX_LENGTH) return undefined;
  const decoded = Buffer.from(cookie, 'base64url');
  const dateEnd = decoded.indexOf('|');
  const valueEnd = decoded.indexOf('|', dateEnd + 1);
  if (dateEnd < 0 || valueEnd < 0) return undefined;
  const mac = decoded.subarray(valueEnd + 1);
  const expected = signatureOf(name, decoded.subarray(0, valueEnd), keys.hash);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return undefined;
  const madeAt = decoded.subarray(0, dateEnd).toString('latin1');
  if (!DATE.test(madeAt)) return undefined;
  const value = Buffer.from(decoded.subarray(dateEnd + 1, valueEnd).toString('latin1'), 'base64url');
  if (keys.block === undefined) return { madeAt, value };
  return value.length > IV_BYTES ? { madeAt, value: decrypt(value, keys.block) } : undefined;
}

/** The other way. A cookie that neither Hydra would read for its length is not made. */
export function sealCookie(name: string, { madeAt, value }: OpenedCookie, keys: CookieKeys): string | undefined {
  const sealed = keys.block === undefined ? value : encrypt(value, keys.block);
  const signed = Buffer.from(`${madeAt}|${padded(sealed)}`, 'latin1');
  const mac = signatureOf(name, signed, keys.hash);
  const cookie = padded(Buffer.concat([signed, Buffer.from('|'), mac]));
  return cookie.length > COOKIE_MAX_LENGTH ? undefined : cookie;
}

function signatureOf(name: string, dateAndValue: Uint8Array, key: Buffer): Buffer {
  return createHmac('sha256', key).update(`${name}|`).update(dateAndValue).digest();
}

function encrypt(value: Buffer, key: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(cipherFor(key), key, iv);
  return Buffer.concat([iv, cipher.update(value), cipher.final()]);
}

function decrypt(value: Buffer, key: Buffer): Buffer {
  const decipher = createDecipheriv(cipherFor(key), key, value.subarray(0, IV_BYTES));
  return Buffer.concat([decipher.update(value.subarray(IV_BYTES)), decipher.final()]);
}

function cipherFor(key: Buffer): string {
  return `aes-${key.length * 8}-ctr`;
}

/** base64url as Go's `base64.URLEncoding` demands it: with padding. */
function padded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
