export type ApiGeneration = 1 | 2;

/** Unprefixed on the admin listener of both generations. Metrics are not among them: 2.x has them below `/admin` only. */
const UNPREFIXED = ['/health/alive', '/health/ready', '/version'] as const;

/**
 * Maps an admin request's target (path and query) to what a side of this generation understands: generation 1 knows `/x`,
 * generation 2 `/admin/x`. Either spelling is taken from the caller, so a login app needs no change across the cutover.
 */
export function mapAdminPath(target: string, generation: ApiGeneration): string {
  const bare = target.startsWith('/admin/') ? target.slice('/admin'.length) : target;
  if (generation === 1) return bare;
  const path = pathOf(bare);
  return UNPREFIXED.some((known) => known === path) ? bare : `/admin${bare}`;
}

/** The target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
