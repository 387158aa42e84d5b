import { createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto';
import { parsedJson } from '../../../domain/json';

const base64Json = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Source: RFC 7515, section 3. */
export function signJwt(claims: object, key: KeyObject, keyId: string): string {
  const signed = `${base64Json({ alg: 'RS256', typ: 'JWT', kid: keyId })}.${base64Json(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}

export interface ReadJwt {
  readonly keyId: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** @returns undefined when this is no JWT */
export function readJwt(token: string): ReadJwt | undefined {
  const [header, payload] = token.split('.');
  const head = parse(header);
  const claims = parse(payload);
  if (head === undefined || claims === undefined) return undefined;
  return { keyId: typeof head['kid'] === 'string' ? head['kid'] : undefined, claims };
}

export function isSignedBy(token: string, jwk: JsonWebKey): boolean {
  const end = token.lastIndexOf('.');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return verify('RSA-SHA256', Buffer.from(token.slice(0, end)), key, Buffer.from(token.slice(end + 1), 'base64url'));
}

function parse(part: string | undefined): Record<string, unknown> | undefined {
  const value = parsedJson(Buffer.from(part ?? '', 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
