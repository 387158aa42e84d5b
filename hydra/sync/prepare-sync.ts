import { type SqlClient } from '../../domain/ports/sql-client';
import { prepareBlue } from '../transform';

/** Prepares the sessions of a syncer, once each. @param schema of Hydra's tables on both sides */
export async function prepareSync(blue: SqlClient, green: SqlClient, schema: string): Promise<void> {
  const path = `"${schema.replaceAll('"', '""')}"`;
  for (const client of [blue, green]) {
    await client.query(`SELECT set_config('search_path', $1, false), set_config('jit', 'off', false)`, [path]);
  }
  await prepareBlue(blue);
}
