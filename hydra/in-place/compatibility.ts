import { CutoverFault } from '../../domain/faults';
import { type InPlacePath } from '../../domain/in-place/paths';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { sqlFile } from '../sql-file';
import { IN_PLACE_SCHEMA } from './keep-plan';

export const COMPATIBILITY_SCHEMA = 'hydra_compatibility';
/** Its two halves are keys of advisory locks; sessions of ours alone use them. */
const MARK = `hashtext('hydra_cutover'), hashtext('compatibility')`;
const CLIENTS = 'hydra_client';

export interface CompatibilityPlace {
  /** Of Hydra's tables. */
  readonly schema: string;
  readonly owner: string;
  /** What the old version logs in as. */
  readonly oldRole: string;
  readonly database: string;
}

/** The part of a path that concerns views. */
type Views = Pick<InPlacePath, 'sessionTables' | 'activeOnlyTables'> & { readonly changedTables: readonly string[] };

/**
 * Makes the schema that the old version's sessions will look into first: of each table that changes, a view with the columns that
 * it has now.
 *
 * Idempotent: one that is there and whose views are complete stays as it is, because its columns are those from before.
 * @returns the names of the views
 * @throws CutoverFault CHECK_FAILED when a schema of this name is somebody else's
 */
export async function layCompatibility(client: SqlClient, place: CompatibilityPlace, views: Views): Promise<string[]> {
  const schema = quoteIdentifier(COMPATIBILITY_SCHEMA);
  const [there] = await queryRows<{ ours: boolean }>(
    client,
    `SELECT to_regprocedure('${COMPATIBILITY_SCHEMA}.seen()') IS NOT NULL AS ours FROM pg_namespace WHERE nspname = $1`,
    [COMPATIBILITY_SCHEMA],
  );
  if (there?.ours === false) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `a schema ${COMPATIBILITY_SCHEMA} is there that is none of ours; rename it, then start again`,
      { schema: COMPATIBILITY_SCHEMA },
    );
  }
  if (there === undefined) {
    await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
      const owner = quoteIdentifier(place.owner);
      await client.query(sqlFile(__dirname, 'compatibility.sql', { compatibility: schema, owner, mark: MARK }));
      for (const view of await viewsToMake(client, place, views)) {
        await client.query(viewSql(view, place, views));
      }
      const old = quoteIdentifier(place.oldRole);
      await client.query(
        `GRANT USAGE ON SCHEMA ${schema} TO ${old}; GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${old}`,
      );
      await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${old}`);
    });
  }
  const made = await queryRows<{ name: string }>(
    client,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'v' ORDER BY 1`,
    [COMPATIBILITY_SCHEMA],
  );
  return made.map(({ name }) => name);
}

interface SeenTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly default: string | null }[];
}

async function viewsToMake(client: SqlClient, { schema }: CompatibilityPlace, views: Views): Promise<SeenTable[]> {
  const named = [...new Set([CLIENTS, ...views.changedTables, ...views.sessionTables])];
  return queryRows<SeenTable>(
    client,
    `SELECT c.relname AS name, json_agg(json_build_object('name', a.attname, 'default', pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')
        -- An old 'migrate sql' finds what it looks for here as well, and says that nothing is to be done.
        AND (c.relname = ANY($2) OR c.relname ~ '^hydra_\\w+_migration$')
      GROUP BY 1 ORDER BY 1`,
    [quoteIdentifier(schema), named],
  );
}

function viewSql({ name, columns }: SeenTable, { schema }: CompatibilityPlace, views: Views): string {
  const view = `${quoteIdentifier(COMPATIBILITY_SCHEMA)}.${quoteIdentifier(name)}`;
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const isSession = views.sessionTables.includes(name);
  const shown = columns.map((column) => {
    const quoted = quoteIdentifier(column.name);
    return isSession && column.name === 'session_data'
      ? `${quoteIdentifier(COMPATIBILITY_SCHEMA)}.old_session(${quoted}) AS ${quoted}`
      : quoted;
  });
  const rows = [
    ...(name === CLIENTS ? [`${quoteIdentifier(COMPATIBILITY_SCHEMA)}.seen()`] : []),
    ...(views.activeOnlyTables.includes(name) ? ['active'] : []),
  ];
  const where = rows.length === 0 ? '' : ` WHERE ${rows.join(' AND ')}`;
  const make = `CREATE VIEW ${view} AS SELECT ${shown.join(', ')} FROM ${table}${where};`;
  return isSession ? `${make}\n${insertSql(view, table, name, columns)}` : make;
}

/** A view with a column that is computed takes no INSERT by itself; UPDATE and DELETE of its other columns stay automatic. */
function insertSql(view: string, table: string, name: string, columns: SeenTable['columns']): string {
  const insert = `${quoteIdentifier(COMPATIBILITY_SCHEMA)}.${quoteIdentifier(`insert_${name}`)}`;
  const names = columns.map((column) => quoteIdentifier(column.name));
  const defaults = columns.flatMap((column) =>
    column.default === null
      ? []
      : [`ALTER VIEW ${view} ALTER COLUMN ${quoteIdentifier(column.name)} SET DEFAULT ${column.default};`],
  );
  return `${defaults.join('\n')}
CREATE FUNCTION ${insert}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((column) => `NEW.${column}`).join(', ')});
  RETURN NEW;
END $$;
CREATE TRIGGER inserts INSTEAD OF INSERT ON ${view} FOR EACH ROW EXECUTE FUNCTION ${insert}();`;
}

/** From the next session of the old version on, its unqualified names lead to the views. @returns when that was, by the server's clock */
export async function switchOldSessions(client: SqlClient, place: CompatibilityPlace): Promise<string> {
  const path = `${quoteIdentifier(COMPATIBILITY_SCHEMA)}, ${quoteIdentifier(place.schema)}`;
  await setSearchPath(client, place, `SET search_path = ${path}`);
  const [row] = await queryRows<{ at: string }>(
    client,
    `UPDATE ${IN_PLACE_SCHEMA}.run SET switched_at = coalesce(switched_at, clock_timestamp()) RETURNING to_json(switched_at)#>>'{}' AS at`,
  );
  if (row === undefined) throw new CutoverFault('INTERNAL', 'no run is kept to note the switch in');
  return row.at;
}

/** The way back of {@link switchOldSessions}. @returns from when on new sessions look into Hydra's schema alone */
export async function switchOldSessionsBack(client: SqlClient, place: CompatibilityPlace): Promise<string> {
  await setSearchPath(client, place, 'RESET search_path');
  const [row] = await queryRows<{ at: string }>(client, `SELECT to_json(clock_timestamp())#>>'{}' AS at`);
  return row?.at ?? '';
}

/** A role may set its own defaults; whoever is a member acts as it. */
async function setSearchPath(
  client: SqlClient,
  { oldRole, database }: CompatibilityPlace,
  what: string,
): Promise<void> {
  const role = quoteIdentifier(oldRole);
  const alter = `ALTER ROLE ${role} IN DATABASE ${quoteIdentifier(database)} ${what}`;
  await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    await client.query(`SET LOCAL ROLE ${role}`);
    await client.query(alter);
  });
}

/**
 * Removes the schema, when no session looks into it any more.
 *
 * Idempotent. @throws CutoverFault LOCK_BUSY while a session of the old version is there that began before `since`
 */
export async function dropCompatibility(client: SqlClient, place: CompatibilityPlace, since: string): Promise<void> {
  const old = await oldSessions(client, place, since);
  if (old.before > 0) {
    throw new CutoverFault(
      'LOCK_BUSY',
      `${old.before} sessions of role ${place.oldRole} still look into ${COMPATIBILITY_SCHEMA}; end them (stop the old Hydra), then it goes on`,
      { sessions: old.before },
    );
  }
  await client.query(`DROP SCHEMA IF EXISTS ${quoteIdentifier(COMPATIBILITY_SCHEMA)} CASCADE`);
}

export interface OldSessions {
  /** Of the old version's role in this database. */
  readonly all: number;
  /** Began before the time that was asked about, so that they look elsewhere. */
  readonly before: number;
  readonly beforeIdle: number;
  /** Went through the views. */
  readonly marked: number;
  /**
   * Processes that asked for clients and did not go through the views. Who stays among them has a DSN or a pooler that leads around; one
   * whose first statement is only prepared yet is among them for a moment, too.
   */
  readonly around: readonly number[];
}

/** @param since ISO-8601, by the server's clock */
export async function oldSessions(
  client: SqlClient,
  { oldRole }: CompatibilityPlace,
  since: string,
): Promise<OldSessions> {
  const [row] = await queryRows<OldSessions>(
    client,
    `WITH old AS (
       SELECT a.pid, a.state, a.backend_start < $2::timestamptz AS before, a.query,
              EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
                         AND l.database = a.datid AND l.classid = (hashtext('hydra_cutover')::bit(32)::bigint)::oid
                         AND l.objid = (hashtext('compatibility')::bit(32)::bigint)::oid) AS marked
         FROM pg_stat_activity a WHERE a.datname = current_database() AND a.usename = $1 AND a.backend_type = 'client backend'
          AND a.pid <> pg_backend_pid())
     SELECT count(*)::int AS all, count(*) FILTER (WHERE before)::int AS before,
            count(*) FILTER (WHERE before AND state = 'idle')::int AS "beforeIdle",
            count(*) FILTER (WHERE marked)::int AS marked,
            -- An INSERT reads no row, and so it leaves no mark.
            coalesce(array_agg(pid) FILTER (WHERE NOT before AND NOT marked AND state = 'idle' AND query ~* '\\mhydra_client\\M'
                                              AND query !~* '^\\s*insert'), '{}') AS around
       FROM old`,
    [oldRole, since],
  );
  return row ?? { all: 0, before: 0, beforeIdle: 0, marked: 0, around: [] };
}

/** Ends sessions of the old version that began before the switch and do nothing at this moment. @returns how many */
export async function endIdleOldSessions(
  client: SqlClient,
  { oldRole }: CompatibilityPlace,
  since: string,
): Promise<number> {
  const [row] = await queryRows<{ ended: number }>(
    client,
    `SELECT count(pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity
      WHERE datname = current_database() AND usename = $1 AND backend_start < $2::timestamptz AND state = 'idle' AND pid <> pg_backend_pid()`,
    [oldRole, since],
  );
  return row?.ended ?? 0;
}
