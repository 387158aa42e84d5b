import { createHash } from 'node:crypto';

const LENGTH = 16;

/** Names a token, code, secret or cookie in ledgers and reports without being usable as one. */
export function hashedId(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, LENGTH);
}
