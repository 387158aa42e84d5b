import { CutoverFault } from '../../domain/faults';
import { type InPlacePath } from '../../domain/in-place/paths';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { sqlFile } from '../sql-file';
import { type OnlinePlan } from '../../domain/in-place/online-plan';
import { COMPATIBILITY_SCHEMA, IN_PLACE_SCHEMA } from './our-schemas';
import { OWN_BOOKKEEPING } from './own-bookkeeping';
import { makeMarks, marksSql, readMarksSecret } from './session-marks';

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
type Views = Pick<InPlacePath, 'sessionTables' | 'activeOnlyTables'> & Pick<OnlinePlan, 'changedTables' | 'acts'>;

/**
 * Makes the schema that the old version's sessions will look into first: of each table that changes, a view with the columns that
 * it has without the migration, also when somebody ran that meanwhile. The plan has to be kept.
 *
 * Idempotent: one that is there and whose views are complete stays as it is, because its columns are those from before.
 * @returns the names of the views
 * @throws CutoverFault CHECK_FAILED when a schema of this name is somebody else's
 */
export async function layCompatibility(client: SqlClient, place: CompatibilityPlace, views: Views): Promise<string[]> {
  const schema = quoteIdentifier(COMPATIBILITY_SCHEMA);
  const whose = await whoseCompatibility(client);
  if (whose === 'others') {
    throw new CutoverFault(
      'CHECK_FAILED',
      `there is a schema ${COMPATIBILITY_SCHEMA} that this tool did not make; rename it, then start again`,
      { schema: COMPATIBILITY_SCHEMA },
    );
  }
  if (whose === 'nobody') {
    const secret = await readMarksSecret(client);
    await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
      const owner = quoteIdentifier(place.owner);
      await client.query(sqlFile(__dirname, 'compatibility.sql', { compatibility: schema, owner }));
      await makeMarks(client, place, secret);
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

/** The schema of that name: ours has what its views call. */
export async function whoseCompatibility(client: SqlClient): Promise<'ours' | 'others' | 'nobody'> {
  const [there] = await queryRows<{ ours: boolean }>(
    client,
    // By its name alone: into a schema of others our role may not look.
    `SELECT EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = n.oid AND proname = 'seen' AND pronargs = 0) AS ours
       FROM pg_namespace n WHERE nspname = $1`,
    [COMPATIBILITY_SCHEMA],
  );
  if (there === undefined) return 'nobody';
  return there.ours ? 'ours' : 'others';
}

interface SeenTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly default: string | null }[];
}

async function viewsToMake(client: SqlClient, { schema }: CompatibilityPlace, views: Views): Promise<SeenTable[]> {
  const added = views.acts.flatMap((act) =>
    act.kind === 'ddl' ? act.makes.filter(({ has }) => has === 'column') : [],
  );
  const named = [...new Set([CLIENTS, ...views.changedTables, ...views.sessionTables])];
  return queryRows<SeenTable>(
    client,
    `SELECT c.relname AS name, json_agg(json_build_object('name', a.attname, 'default', pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum) AS columns
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
      WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT 1 FROM json_to_recordset($4) AS added("table" text, "column" text) WHERE added."table" = c.relname AND added."column" = a.attname)
        -- An old 'migrate sql' finds what it looks for here as well, and says that nothing is to be done.
        AND (c.relname = ANY ($2) OR c.relname = ANY ($3))
      GROUP BY 1 ORDER BY 1`,
    [quoteIdentifier(schema), named, OWN_BOOKKEEPING, JSON.stringify(added)],
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
  // As the caller and with its settings, as the statement would run without the view: triggers of others on the table go by both. Every
  // name in it is written in full, so that no setting leads it elsewhere.
  return `${defaults.join('\n')}
CREATE FUNCTION ${insert}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((column) => `NEW.${column}`).join(', ')});
  RETURN NEW;
END $$;
CREATE TRIGGER inserts INSTEAD OF INSERT ON ${view} FOR EACH ROW EXECUTE FUNCTION ${insert}();`;
}

/**
 * From the next session of the old version on, its unqualified names lead to the views, and only then to where they led before: triggers of
 * others may go by that. What its role had there is kept.
 *
 * @returns when that was, by the server's clock
 */
export async function switchOldSessions(client: SqlClient, place: CompatibilityPlace): Promise<string> {
  const path = await searchPathOf(client, place);
  // After a crash behind the switch it is ours already.
  if (!leadsToViews(path)) {
    // An earlier switch that was taken back says nothing of sessions that began since.
    await client.query(`UPDATE ${IN_PLACE_SCHEMA}.run SET path_before = $1, switched_at = NULL`, [path.own]);
    await setSearchPath(client, place, throughViews(path, place));
  }
  const [row] = await queryRows<{ at: string }>(
    client,
    `UPDATE ${IN_PLACE_SCHEMA}.run SET switched_at = coalesce(switched_at, clock_timestamp()) RETURNING to_json(switched_at)#>>'{}' AS at`,
  );
  if (row === undefined) throw new CutoverFault('INTERNAL', 'no run is kept to note the switch in');
  return row.at;
}

/**
 * The way back of {@link switchOldSessions}; needs the kept run.
 *
 * @returns from when on new sessions look where they did before
 */
export async function switchOldSessionsBack(client: SqlClient, place: CompatibilityPlace): Promise<string> {
  const [kept] = await queryRows<{ path: string | null }>(
    client,
    `SELECT path_before AS path FROM ${IN_PLACE_SCHEMA}.run`,
  );
  await setSearchPath(client, place, kept?.path ?? null);
  const [row] = await queryRows<{ at: string }>(client, `SELECT to_json(clock_timestamp())#>>'{}' AS at`);
  return row?.at ?? '';
}

/**
 * Whether new sessions of the old version still look into the views first: anybody may set its role back while it serves.
 *
 * @returns the statement that leads them there again; null when they are led there
 */
export async function ledElsewhere(client: SqlClient, place: CompatibilityPlace): Promise<string | null> {
  const path = await searchPathOf(client, place);
  if (leadsToViews(path)) return null;
  return `${alterRole(place)} SET search_path = ${throughViews(path, place)}`;
}

function leadsToViews({ own }: SearchPath): boolean {
  return own?.startsWith(`${COMPATIBILITY_SCHEMA},`) === true;
}

function throughViews({ inForce }: SearchPath, { schema }: CompatibilityPlace): string {
  return [COMPATIBILITY_SCHEMA, quoteIdentifier(schema), inForce].join(', ');
}

function alterRole({ oldRole, database }: CompatibilityPlace): string {
  return `ALTER ROLE ${quoteIdentifier(oldRole)} IN DATABASE ${quoteIdentifier(database)}`;
}

interface SearchPath {
  /** Of the role in this database; null: nothing of its own. */
  readonly own: string | null;
  /** For its sessions: its own, or else that of the role, of the database or of the server as it comes. */
  readonly inForce: string;
}

/** Source: PostgreSQL manual, "ALTER ROLE": settings of a role in a database go before those of the role, and these before the database's. */
async function searchPathOf(client: SqlClient, { oldRole, database }: CompatibilityPlace): Promise<SearchPath> {
  const [row] = await queryRows<SearchPath>(
    client,
    `WITH set AS (
       SELECT substr(setting, length('search_path=') + 1) AS path, setrole <> 0 AS "ofRole", setdatabase <> 0 AS "ofDatabase"
         FROM pg_db_role_setting, unnest(setconfig) AS setting
        WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $1)) AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = $2))
          AND setting LIKE 'search\\_path=%')
     SELECT (SELECT path FROM set WHERE "ofRole" AND "ofDatabase") AS own,
            coalesce((SELECT nullif(path, '') FROM set ORDER BY "ofRole" DESC, "ofDatabase" DESC LIMIT 1), boot_val) AS "inForce"
       FROM pg_settings WHERE name = 'search_path'`,
    [oldRole, database],
  );
  if (row === undefined) throw new CutoverFault('INTERNAL', 'the server has no search_path');
  return row;
}

/**
 * Tables of Hydra whose names lead sessions of the old version to another schema than the one that is upgraded: the views would show it
 * other rows than it has now. What its DSN sets is not seen here; it leads around the views, and is found when these are laid.
 *
 * @returns their full names; none when our role may not act as the old version's
 */
export async function foundElsewhere(client: SqlClient, place: CompatibilityPlace): Promise<readonly string[]> {
  const sql = `SELECT coalesce(pg_has_role(oid, 'USAGE'), false) AS mine FROM pg_roles WHERE rolname = $1`;
  const [role] = await queryRows<{ mine: boolean }>(client, sql, [place.oldRole]);
  if (role?.mine !== true) return [];
  const { inForce } = await searchPathOf(client, place);
  return inTransaction(client, 'BEGIN', 'ROLLBACK', async () => {
    await client.query(`SET LOCAL ROLE ${quoteIdentifier(place.oldRole)}`);
    await client.query(`SELECT set_config('search_path', $1, true)`, [inForce]);
    const rows = await queryRows<{ name: string }>(
      client,
      `SELECT format('%I.%I', n.nspname, seen.relname) AS name
         FROM pg_class c JOIN pg_class seen ON seen.oid = to_regclass(quote_ident(c.relname)) JOIN pg_namespace n ON n.oid = seen.relnamespace
        WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND c.relname ~ '^hydra_'
          AND seen.relnamespace <> c.relnamespace AND n.nspname <> $2 ORDER BY 1`,
      [quoteIdentifier(place.schema), COMPATIBILITY_SCHEMA],
    );
    return rows.map(({ name }) => name);
  });
}

/** A role may set its own defaults; whoever is a member acts as it. @param path null: none of its own */
async function setSearchPath(client: SqlClient, place: CompatibilityPlace, path: string | null): Promise<void> {
  const alter = alterRole(place);
  await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    await client.query(`SET LOCAL ROLE ${quoteIdentifier(place.oldRole)}`);
    // Taken as it stands: text that was kept may name schemas in any spelling.
    if (path !== null) await client.query(`SELECT set_config('search_path', $1, true)`, [path]);
    await client.query(path === null ? `${alter} RESET search_path` : `${alter} SET search_path FROM CURRENT`);
  });
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
   * whose first statement is only prepared yet is among them for a moment, too. None whose lock somebody else holds: nothing can be said of it.
   */
  readonly around: readonly number[];
}

/**
 * @param since ISO-8601, by the server's clock
 * @param from those that began before it are not counted as `before`
 */
export async function oldSessions(
  client: SqlClient,
  { oldRole }: CompatibilityPlace,
  since: string,
  from: string | null = null,
): Promise<OldSessions> {
  const secret = await readMarksSecret(client);
  const [row] = await queryRows<OldSessions>(
    client,
    `WITH old AS (
       SELECT a.pid, a.state, a.backend_start < $2::timestamptz AND a.backend_start >= coalesce($3::timestamptz, '-infinity') AS before, a.query
         FROM pg_stat_activity a WHERE a.datname = current_database() AND a.usename = $1 AND a.backend_type = 'client backend'
          AND a.pid <> pg_backend_pid()), ${marksSql('$4')}
     SELECT count(*)::int AS all, count(*) FILTER (WHERE before)::int AS before,
            count(*) FILTER (WHERE before AND state = 'idle')::int AS "beforeIdle",
            count(*) FILTER (WHERE taken)::int AS marked,
            -- An INSERT reads no row, and so it leaves no mark.
            coalesce(array_agg(pid) FILTER (WHERE NOT before AND NOT taken AND NOT "byOthers" AND state = 'idle' AND query ~* '\\mhydra_client\\M'
                                              AND query !~* '^\\s*insert'), '{}') AS around
       FROM old JOIN mark USING (pid)`,
    [oldRole, since, from, secret],
  );
  return row ?? { all: 0, before: 0, beforeIdle: 0, marked: 0, around: [] };
}

/** Ends sessions of the old version that began before the switch and do nothing at this moment. @returns how many */
export async function endIdleOldSessions(
  client: SqlClient,
  { oldRole }: CompatibilityPlace,
  since: string,
  from: string | null = null,
): Promise<number> {
  const [row] = await queryRows<{ ended: number }>(
    client,
    `SELECT count(pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity
      WHERE datname = current_database() AND usename = $1 AND backend_start < $2::timestamptz AND backend_start >= coalesce($3::timestamptz, '-infinity') AND state = 'idle' AND pid <> pg_backend_pid()`,
    [oldRole, since, from],
  );
  return row?.ended ?? 0;
}
