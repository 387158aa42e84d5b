import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Configured } from '../step';
import { type Findings } from './findings';

/** Of the age at which autovacuum begins to prevent wraparound; a cutover lasts for days, in which tables grow older. */
const SHARE_MAX = 0.9;

interface AgedTable {
  readonly name: string;
  readonly age: number;
  readonly max: number;
}

/**
 * The age counts of each table with its TOAST table; a table may have a lower limit of its own, never a higher one than the server.
 * Source: PostgreSQL manual, "Preventing Transaction ID Wraparound Failures".
 */
const AGES_SQL = `
  WITH aged AS (
    SELECT c.oid::regclass::text AS name, age(part.relfrozenxid) AS age, current_setting('autovacuum_freeze_max_age')::int AS max,
           (SELECT option_value::int FROM pg_options_to_table(part.reloptions) WHERE option_name = 'autovacuum_freeze_max_age') AS own
      FROM pg_class AS c JOIN pg_class AS part ON part.oid IN (c.oid, c.reltoastrelid)
     WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind = 'r'
    UNION ALL
    SELECT c.oid::regclass::text, mxid_age(part.relminmxid), current_setting('autovacuum_multixact_freeze_max_age')::int,
           (SELECT option_value::int FROM pg_options_to_table(part.reloptions) WHERE option_name = 'autovacuum_multixact_freeze_max_age')
      FROM pg_class AS c JOIN pg_class AS part ON part.oid IN (c.oid, c.reltoastrelid)
     WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind = 'r'
  )
  SELECT DISTINCT ON (name) name, age, least(max, own) AS max FROM aged WHERE age > $2::float8 * least(max, own) ORDER BY name, age DESC`;

/**
 * A vacuum that prevents wraparound gives way to nobody: triggers of the capture wait for it on the left side, and the migration on the copy, where the
 * snapshot brings the age.
 */
export async function checkFreeze(
  client: SqlClient,
  { settings, direction: { from } }: Configured,
  findings: Findings,
): Promise<void> {
  const tables = await queryRows<AgedTable>(client, AGES_SQL, [settings.hydraSchema, SHARE_MAX]);
  for (const { name, age, max } of tables) {
    findings.warn(
      `${name} on ${from}`,
      `its oldest row is ${age} transactions old, and from ${max} on it is vacuumed against wraparound, which gives way to no lock`,
      `VACUUM (FREEZE) ${name} before the run`,
    );
  }
}
