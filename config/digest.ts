import { createHash } from 'node:crypto';
import { type Config } from './schema';

/**
 * @returns SHA-256 of everything in the config that decides what a cutover does and is not secret, in hex; the order of keys in
 * the file does not matter. Another password is the same config: secrets may be rotated between plan and start.
 */
export function configDigest(config: Config): string {
  // How a process logs, which version a worker is and who is told differs from machine to machine and changes nothing of a cutover.
  const ofCutover = { ...config, log: undefined, worker: undefined, report: undefined, webhook: undefined };
  return createHash('sha256').update(canonical(ofCutover)).digest('hex');
}

/** JSON with sorted keys. Secrets write themselves as the same word. */
function canonical(config: object): string {
  return JSON.stringify(config, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
