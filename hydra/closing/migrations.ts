import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { inTransaction } from '../cleaning/session';
import { lockUnplanted } from '../planted';
import { HYDRA_VERSION_FACTS } from '../versions';

export interface MigrationProgress {
  /** Of the migrations that this version knows. */
  readonly applied: number;
  readonly expected: number;
  readonly complete: boolean;
  /** Rows of `schema_migration` above what this version knows: a later Hydra, or another product, migrated. */
  readonly unknown: number;
  /** Of these, the versions that no Hydra known here has; the lowest ten. */
  readonly foreign: readonly string[];
}

/**
 * What `schema_migration` says, measured by what `version` leaves behind. Complete is a database that
 * has every version this Hydra knows and none above its last. More rows below are healthy: the bookkeeping of an older Hydra had
 * versions of 14 digits, which later ones keep beside their own, and take for these where their own are missing.
 *
 * @param client that names Hydra's tables in full; outside a transaction
 * @param side for the message
 * @throws CutoverFault CHECK_FAILED when something of others would run in the session that reads it; nothing of it has run
 * Source: ory/x, popx/migrator.go, UpTo.
 */
export async function readMigrations(
  client: SqlClient,
  version: SupportedHydraVersion,
  side: SideName,
): Promise<MigrationProgress> {
  const { versions, last, by14Digits } = HYDRA_VERSION_FACTS[version].migrations;
  const ofHydra = [...new Set(Object.values(HYDRA_VERSION_FACTS).flatMap(({ migrations }) => migrations.versions))];
  const read = () =>
    queryRows<{ applied: number; unknown: number; foreign: string[] }>(
      client,
      `SELECT (SELECT count(*) FROM unnest($1::text[]) AS known WHERE EXISTS (
                SELECT FROM schema_migration WHERE version = known OR (known = ANY ($4::text[]) AND version = left(known, 14))))::float8 AS applied,
              count(*) FILTER (WHERE version > $2)::float8 AS unknown,
              (array_agg(version::text ORDER BY version)
                FILTER (WHERE version > $2 AND left(version, 14) <> ALL ($3::text[])))[1:10] AS foreign FROM schema_migration`,
      [versions, last, ofHydra.map((one) => one.slice(0, 14)), by14Digits],
    );
  const [row] = await inTransaction(client, 'BEGIN', 'ROLLBACK', async () => {
    await lockUnplanted(client, ['schema_migration'], side);
    // Of what an index or statistics that came in behind that look would run nothing stays.
    await client.query('SET TRANSACTION READ ONLY');
    return read();
  });
  const { applied, unknown } = row ?? { applied: 0, unknown: 0 };
  const expected = versions.length;
  return { applied, expected, complete: applied === expected && unknown === 0, unknown, foreign: row?.foreign ?? [] };
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
