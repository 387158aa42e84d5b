import { createHash } from 'node:crypto';
import { type Config } from './schema';

/**
 * @returns SHA-256 of everything in the config that is not secret, in hex; the order of keys in the file does not matter.
 * Another password is the same config: secrets may be rotated between plan and start.
 */
export function configDigest(config: Config): string {
  return createHash('sha256').update(canonical(config)).digest('hex');
}

/** JSON with sorted keys. Secrets write themselves as the same word. */
function canonical(config: Config): string {
  return JSON.stringify(config, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
