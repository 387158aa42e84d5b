import { type SqlClient } from '../../domain/ports/sql-client';
import { byFullName } from '../by-full-name';
import { type CopyPath } from '../paths/copy-path';
import { prepareSource } from '../transform';

/**
 * Prepares the sessions of a syncer or of a comparison. Idempotent.
 *
 * @param schema of Hydra's tables on both sides
 * @param keeper a session on blue that may write what is ours there; it reads nothing of Hydra's
 * @returns the sessions to use, as {@link byFullName} says
 */
export async function prepareSync(
  path: CopyPath,
  blue: SqlClient,
  green: SqlClient,
  schema: string,
  keeper: SqlClient = blue,
): Promise<{
  readonly path: CopyPath;
  readonly blue: SqlClient;
  readonly green: SqlClient;
  readonly schema: string;
  readonly keeper: SqlClient;
  readonly readsAhead: boolean;
}> {
  for (const client of [blue, green]) await client.query(`SELECT pg_catalog.set_config('jit', 'off', false)`);
  const sides = {
    path,
    blue: await byFullName(blue, schema),
    green: await byFullName(green, schema),
    schema,
    keeper,
    readsAhead: keeper !== blue,
  };
  await prepareSource(path, sides.blue);
  return sides;
}
