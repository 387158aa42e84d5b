import { createHash } from 'node:crypto';
import { type Config } from './schema';
import { canonicalJson } from '../domain/json';

/**
 * @returns SHA-256 of everything in the config that decides what a cutover does and is not secret, in hex; the order of keys in
 * the file does not matter. Another password is the same config: secrets may be rotated between plan and start.
 */
export function configDigest(config: Config): string {
  // How a process logs, which version a worker is and who is told differs from machine to machine and changes nothing of a cutover.
  const ofCutover = { ...config, log: undefined, worker: undefined, report: undefined, webhook: undefined };
  // Secrets write themselves as the same word.
  return createHash('sha256').update(canonicalJson(ofCutover)).digest('hex');
}
