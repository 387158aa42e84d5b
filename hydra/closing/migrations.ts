import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { HYDRA_MIGRATIONS } from '../versions';

export interface MigrationProgress {
  readonly applied: number;
  readonly expected: number;
  readonly complete: boolean;
  /** Rows of `schema_migration` above what this version knows: another version migrated. */
  readonly unknown: number;
}

/** What `schema_migration` of the session's search_path says, measured by what `version` leaves behind. */
export async function readMigrations(client: SqlClient, version: SupportedHydraVersion): Promise<MigrationProgress> {
  const { count, last } = HYDRA_MIGRATIONS[version];
  const [row] = await queryRows<{ applied: number; above: number; at: number }>(
    client,
    `SELECT count(*)::float8 AS applied, count(*) FILTER (WHERE version > $1)::float8 AS above,
            count(*) FILTER (WHERE version = $1)::float8 AS at FROM schema_migration`,
    [last],
  );
  const { applied, above, at } = row ?? { applied: 0, above: 0, at: 0 };
  return { applied, expected: count, complete: applied === count && above === 0 && at === 1, unknown: above };
}

/** @returns names of tables in `schema` that do not belong to `owner` */
export async function tablesOfOthers(client: SqlClient, schema: string, owner: string): Promise<string[]> {
  const rows = await queryRows<{ name: string }>(
    client,
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'S') AND pg_get_userbyid(c.relowner) <> $2 ORDER BY 1`,
    [schema, owner],
  );
  return rows.map(({ name }) => name);
}
