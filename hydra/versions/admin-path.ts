import { type ApiGeneration } from './facts';

/** What stands before the paths of the admin API. */
export const ADMIN_PREFIX = { 1: '', 2: '/admin' } as const satisfies Readonly<Record<ApiGeneration, string>>;

const PREFIX = ADMIN_PREFIX[2];
/** Unprefixed on the admin listener of both generations. Metrics are not among them: 2.x has them below `/admin` only. */
const UNPREFIXED = ['/health/alive', '/health/ready', '/version'] as const;

/**
 * Maps an admin request's target (path and query) to what a Hydra of this generation understands: generation 1 knows `/x`,
 * generation 2 `/admin/x`. Either spelling is taken. `*` is about the server and no path.
 */
export function adminPath(target: string, generation: ApiGeneration): string {
  if (target === '*') return target;
  const bare = target.startsWith(`${PREFIX}/`) ? target.slice(PREFIX.length) : target;
  if (generation === 1) return bare;
  const [path] = bare.split('?', 1);
  return UNPREFIXED.some((known) => known === path) ? bare : `${PREFIX}${bare}`;
}
