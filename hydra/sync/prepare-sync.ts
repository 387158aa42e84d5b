import { type SqlClient } from '../../domain/ports/sql-client';
import { byFullName } from '../by-full-name';
import { prepareBlue } from '../transform';

/**
 * Prepares the sessions of a syncer or of a comparison. Idempotent.
 *
 * @param schema of Hydra's tables on both sides
 * @returns the sessions to use, as {@link byFullName} says
 */
export async function prepareSync(
  blue: SqlClient,
  green: SqlClient,
  schema: string,
): Promise<{ readonly blue: SqlClient; readonly green: SqlClient; readonly schema: string }> {
  for (const client of [blue, green]) await client.query(`SELECT pg_catalog.set_config('jit', 'off', false)`);
  const sides = { blue: await byFullName(blue, schema), green: await byFullName(green, schema), schema };
  await prepareBlue(sides.blue);
  return sides;
}
