import { createHash, timingSafeEqual } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';

/**
 * @returns a check of an `Authorization` header against `token`, in constant time: digests of equal length are compared, so
 * neither content nor length leaks.
 * @throws CutoverFault CONFIG_INVALID for an empty token, which would let everybody in
 */
export function bearerCheck(token: string): (authorization: string | undefined) => boolean {
  if (token === '') {
    throw new CutoverFault('CONFIG_INVALID', 'the control token is empty; set it in the environment to a random value');
  }
  const expected = digest(`Bearer ${token}`);
  return (authorization) => authorization !== undefined && timingSafeEqual(digest(authorization), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
