import { randomBytes } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An id as AWS gives them to resources: it stays when a name is used again for something else. */
export function newResourceId(prefix: 'db' | 'snap'): string {
  return `${prefix}-${[...randomBytes(26)].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`;
}
