import { type SqlClient } from '../../domain/ports/sql-client';
import { byFullName } from '../by-full-name';
import { type CopyPath } from '../paths/copy-path';
import { prepareSource } from '../transform';

/**
 * Prepares the sessions of a syncer or of a comparison. Idempotent.
 *
 * @param schema of Hydra's tables on both sides
 * @param keeper a session on the source that may write what is ours there; it reads nothing of Hydra's
 * @returns the sessions to use, as {@link byFullName} says
 */
export async function prepareSync(
  path: CopyPath,
  from: SqlClient,
  to: SqlClient,
  schema: string,
  keeper: SqlClient = from,
): Promise<{
  readonly path: CopyPath;
  readonly from: SqlClient;
  readonly to: SqlClient;
  readonly schema: string;
  readonly keeper: SqlClient;
  readonly readsAhead: boolean;
}> {
  for (const client of [from, to]) await client.query(`SELECT pg_catalog.set_config('jit', 'off', false)`);
  const sides = {
    path,
    from: await byFullName(from, schema),
    to: await byFullName(to, schema),
    schema,
    keeper,
    readsAhead: keeper !== from,
  };
  await prepareSource(path, sides.from);
  return sides;
}
