import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type CopyPath, type NotCarried } from '../paths/copy-path';

/**
 * @param heldAt when requests were first held: ISO-8601, the source's clock
 * @param loginTtlMs how long a login or a consent may take on the source
 */
export async function readNotCarried(
  path: CopyPath,
  from: SqlClient,
  schema: string,
  heldAt: string,
  loginTtlMs: number,
): Promise<readonly NotCarried[]> {
  const underWay = await path.underWay(from, schema, heldAt, loginTtlMs);
  const [canaries] = await queryRows<{ count: number }>(
    from,
    'SELECT count(*)::float8 AS count FROM hydra_cutover.canary',
  );
  const why = "rows of this cutover's own, none of Hydra's";
  return [...underWay, { what: 'canaries', count: canaries?.count ?? 0, why }];
}
