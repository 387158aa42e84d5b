import { createHash } from 'node:crypto';

/** Members that make a key what it is, by its type and in the order of their names. Source: RFC 7638, 3.2; RFC 8037, appendix A.3. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  oct: ['k', 'kty'],
};

/** @returns the SHA-256 thumbprint of a public or private JSON Web Key; both of one pair have the same */
export function thumbprintOf(key: Readonly<Record<string, unknown>>): string {
  const kty = String(key['kty']);
  const members = MEMBERS[kty] ?? ['kty'];
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, key[name]])));
  return createHash('sha256').update(text).digest('base64url');
}
