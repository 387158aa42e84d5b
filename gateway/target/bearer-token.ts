import { createHash, timingSafeEqual } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';

/**
 * @returns a check of an `Authorization` header against `token`, in constant time: digests of equal length are compared, so
 * neither content nor length leaks. A function is asked at each call, for a token that is renewed.
 * @throws CutoverFault CONFIG_INVALID for an empty token, which would let everybody in
 */
export function bearerCheck(token: string | (() => string)): (authorization: string | undefined) => boolean {
  const read = typeof token === 'string' ? () => token : token;
  if (read() === '') {
    throw new CutoverFault('CONFIG_INVALID', 'the control token is empty; set it in the environment to a random value');
  }
  return (authorization) =>
    authorization !== undefined && timingSafeEqual(digest(authorization), digest(`Bearer ${read()}`));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
