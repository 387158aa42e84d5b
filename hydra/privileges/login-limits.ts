import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { lacks, type PrivilegeFinding } from './finding';

/** What a run has open at once in one database, with the comparison beside the sync and a switchover's parties, and some to spare. */
const SESSIONS = 15;
/** A run may wait at its gates for so long. */
const VALID_FOR = '14 days';

const LIMITS_SQL = `
  SELECT format('role %s', r.rolname) AS who, format('ALTER ROLE %I', r.rolname) AS alter, r.rolconnlimit AS "limit",
         CASE WHEN r.rolvaliduntil < clock_timestamp() + $2::interval THEN to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') END AS until
    FROM pg_catalog.pg_roles r WHERE r.rolname = ANY($1)
  UNION ALL
  SELECT format('database %s', d.datname), format('ALTER DATABASE %I', d.datname), d.datconnlimit, NULL
    FROM pg_catalog.pg_database d WHERE d.datname = current_database()
  ORDER BY 1`;

/**
 * What keeps a role from logging in, or from doing so often enough, that no grant shows: a run gives some of them new passwords, and a
 * server takes none whose time is over. The snapshot brings all of it to green.
 *
 * @param names roles that a run logs in as, and Hydra
 */
export async function loginLimits(client: SqlClient, names: readonly string[]): Promise<readonly PrivilegeFinding[]> {
  const rows = await queryRows<{ who: string; alter: string; limit: number; until: string | null }>(
    client,
    LIMITS_SQL,
    [names, VALID_FOR],
  );
  return rows.flatMap(({ who, alter, limit, until }) => [
    ...(limit >= 0 && limit < SESSIONS
      ? [lacks(`${who} allows ${limit} sessions at once (needed: ${SESSIONS})`, `${alter} CONNECTION LIMIT -1`)]
      : []),
    ...(until === null
      ? []
      : [lacks(`the password of ${who} is valid until ${until}`, `${alter} VALID UNTIL 'infinity'`)]),
  ]);
}
