import { randomBytes } from 'node:crypto';

const UNIQUE_BYTES = 9;

/** @returns names requests, as nobody else does: unique among all processes that there are and were */
export function requestIds(): () => string {
  const prefix = randomBytes(UNIQUE_BYTES).toString('base64url');
  let count = 0;
  return () => {
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
