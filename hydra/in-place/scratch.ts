import { CutoverFault } from '../../domain/faults';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';

/** Where programs make their tables there. */
export const SCRATCH_SCHEMA = 'public';
/** Made while the database was empty: the proof that what is in it is nobody's. */
const MARK = 'hydra_cutover_scratch';

/**
 * Empties the scratch database. Only one that is empty is marked as ours, and only one that is marked is emptied: a DSN that leads
 * to a database in use is refused, whatever its name is.
 *
 * @throws CutoverFault CHECK_FAILED
 */
export async function clearScratch(client: SqlClient): Promise<void> {
  await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    const [found] = await queryRows<{ isOurs: boolean; others: string[] | null }>(
      client,
      `SELECT to_regnamespace('${MARK}') IS NOT NULL AS "isOurs",
              (SELECT array_agg(n.nspname || '.' || c.relname ORDER BY 1) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_') AS others`,
    );
    const others = found?.others ?? [];
    if (found?.isOurs !== true) {
      if (others.length > 0) {
        throw new CutoverFault(
          'CHECK_FAILED',
          `the scratch database is not empty (${others.slice(0, 3).join(', ')}${others.length > 3 ? ' and more' : ''}) and was never used as one; name an empty database in inPlace.scratch`,
          { objects: others.length },
        );
      }
      await client.query(`CREATE SCHEMA ${MARK}`);
      return;
    }
    // Table by table: before version 15 the owner of a database does not own its schema public.
    const [drop] = await queryRows<{ sql: string | null }>(
      client,
      `SELECT string_agg(format('DROP TABLE IF EXISTS %I.%I CASCADE', $1::text, relname), '; ') AS sql
         FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p')`,
      [SCRATCH_SCHEMA],
    );
    if (drop?.sql) await client.query(drop.sql);
  });
}
