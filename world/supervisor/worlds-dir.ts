import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where worlds keep their run folders.
 *
 * For root it lies outside the home folder: PostgreSQL then runs as an unprivileged uid, which cannot pass through /root.
 *
 * @param env `HYDRA_CUTOVER_WORLDS` overrides; `XDG_STATE_HOME` as in the XDG base directory specification
 */
export function worldsDir(env: NodeJS.ProcessEnv = process.env): string {
  const override = env['HYDRA_CUTOVER_WORLDS'];
  if (override) return resolve(override);
  if (process.getuid?.() === 0) return '/var/lib/hydra-cutover/worlds';
  const state = env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state');
  return join(state, 'hydra-cutover', 'worlds');
}
