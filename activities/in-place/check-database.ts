import { setTimeout as sleep } from 'node:timers/promises';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { mayActAs } from '../../hydra/run-roles';
import { foundElsewhere, whoseCompatibility } from '../../hydra/in-place/compatibility';
import { COMPATIBILITY_SCHEMA } from '../../hydra/in-place/our-schemas';
import { type KeptRun, readKeptRun } from '../../hydra/in-place/keep-plan';
import { type Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps, IN_PLACE_SIDE } from './deps';
import { onLive, placeOf } from './prepare-live';

/** What the plan tells of the live database. */
export interface SeenDatabase {
  readonly kept: KeptRun | undefined;
  readonly bytes: number;
  readonly rows: Readonly<Record<string, number>>;
}

/** A transaction that is still there after it is none of those that come and go. */
const HIDDEN_LOOK_MS = 1_000;
const HOLDS_UP = 'building and dropping an index waits for it (nobody else does); end it before you approve';
/** Transactions that are open for longer hold up an index build, and the run with it, but nobody else. */
const OLD_TRANSACTION_MS = 30_000;

/** Our role may do what has to be done, the old version logs in as its role, and nobody is in the way. */
export function checkOldDatabase(deps: InPlaceDeps, context: StepContext, findings: Findings): Promise<SeenDatabase> {
  return onLive(deps, context, async (client) => {
    await checkRoles(deps, client, findings);
    await checkOldSessions(deps, client, findings);
    const elsewhere = await foundElsewhere(client, await placeOf(deps));
    if (elsewhere.length > 0) {
      findings.problem(
        `role ${deps.settings.oldRole}`,
        `its search_path leads to ${elsewhere.join(', ')}, and not to the schema ${deps.settings.schema}: the views would show the old version other rows than it has now`,
        'correct the schema in the config, or that search_path; a copy of an earlier day goes to another database',
      );
    }
    await checkReaders(client, findings);
    await checkOthersObjects(client, deps.settings.schema, findings);
    const [size] = await queryRows<{ bytes: number }>(
      client,
      'SELECT pg_database_size(current_database())::float8 AS bytes',
    );
    const rows = await queryRows<{ name: string; rows: number }>(
      client,
      `SELECT relname AS name, greatest(reltuples, 0)::float8 AS rows FROM pg_class
        WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind = 'r' AND relname ~ '^hydra_' ORDER BY 2 DESC LIMIT 8`,
      [deps.settings.schema],
    );
    return {
      kept: await readKeptRun(client),
      bytes: size?.bytes ?? 0,
      rows: Object.fromEntries(rows.map(({ name, rows: count }) => [name, count])),
    };
  });
}

interface SeenRole {
  readonly name: string;
  readonly exists: boolean;
  readonly isMine: boolean;
  readonly actsAs: boolean;
  readonly isSuperuser: boolean;
  /** Has the rights of whom the tables belong to, those that the migration makes included. */
  readonly isOwners: boolean;
}

async function checkRoles(deps: InPlaceDeps, client: SqlClient, findings: Findings): Promise<void> {
  const { owner, oldRole, newRole, schema } = deps.settings;
  const roles = await queryRows<SeenRole>(
    client,
    `SELECT wanted.name, r.oid IS NOT NULL AS exists, coalesce(pg_has_role(r.oid, 'USAGE'), false) AS "isMine", ${mayActAs('current_user::regrole::oid', 'r.oid')} AS "actsAs",
            coalesce(r.rolsuper, false) AS "isSuperuser",
            coalesce(pg_has_role(r.oid, (SELECT oid FROM pg_roles WHERE rolname = $2), 'USAGE'), true) AS "isOwners"
       FROM unnest($1::text[]) AS wanted(name) LEFT JOIN pg_roles r ON r.rolname = wanted.name`,
    [[...new Set([owner, oldRole, newRole])], owner],
  );
  for (const { name, exists, isMine, actsAs, isSuperuser, isOwners } of roles) {
    if (!exists) {
      findings.problem(`role ${name}`, 'is not there', 'make it, or correct the name in inPlace');
    } else if (!isMine && name !== newRole) {
      findings.problem(`role ${name}`, 'our role is no member of it', `GRANT ${name} to our role`);
    } else if (!actsAs && name !== newRole) {
      const fix = `GRANT ${name} TO our role WITH INHERIT TRUE, SET TRUE`;
      findings.problem(`role ${name}`, 'our role is a member that may not act as it', fix);
    } else if (!isOwners && name === newRole) {
      const fix = `GRANT ${owner} TO ${name}`;
      findings.problem(
        `role ${name}`,
        `is no member of ${owner}: tables that the migration makes would be shut to it`,
        fix,
      );
    } else if (isSuperuser && name === oldRole) {
      findings.problem(`role ${name}`, 'is a superuser', 'let the old Hydra log in as a role of its own');
    }
  }
  const makers = await queryRows<{ name: string }>(
    client,
    `SELECT DISTINCT name FROM unnest(ARRAY[$2, current_user::text]) AS maker(name) JOIN pg_roles r ON r.rolname = name
      WHERE NOT has_schema_privilege(r.oid, to_regnamespace(quote_ident($1))::oid, 'CREATE') ORDER BY 1`,
    [schema, owner],
  );
  for (const { name } of makers) {
    const fix = `GRANT CREATE ON SCHEMA ${schema} TO ${name}`;
    findings.problem(
      `schema ${schema}`,
      `role ${name} may make nothing in it, and the migration makes tables and indexes`,
      fix,
    );
  }
  const [right] = await queryRows<{ mayCreate: boolean; database: string; others: string[] | null }>(
    client,
    `SELECT has_database_privilege(current_database(), 'CREATE') AS "mayCreate", current_database() AS database,
            (SELECT array_agg(c.relname || ' (' || pg_get_userbyid(c.relowner) || ')' ORDER BY 1) FROM pg_class c
              WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relkind = 'r' AND c.relname ~ '^(hydra_|schema_migration)'
                AND pg_get_userbyid(c.relowner) <> $2) AS others`,
    [schema, owner],
  );
  if (right?.mayCreate === false) {
    const fix = `GRANT CREATE ON DATABASE ${right.database} to our role, for the schema of views`;
    findings.problem(`database ${right.database}`, 'our role may make no schema in it', fix);
  }
  if (right?.others != null) {
    findings.problem(
      `tables of ${schema}`,
      `do not belong to ${owner}: ${right.others.join(', ')}`,
      `run ALTER TABLE … OWNER TO ${owner} for each, or correct inPlace.owner`,
    );
  }
}

/** A Hydra that logs in as another role would never look through the views. */
async function checkOldSessions(deps: InPlaceDeps, client: SqlClient, findings: Findings): Promise<void> {
  const { oldRole } = deps.settings;
  await deps.hydra.old.readClients(IN_PLACE_SIDE);
  const [seen] = await queryRows<{ sessions: number; hidden: number; others: string[] | null }>(
    client,
    `SELECT count(*) FILTER (WHERE usename = $1)::int AS sessions,
            count(*) FILTER (WHERE usename = $1 AND state = 'disabled')::int AS hidden,
            array_agg(DISTINCT application_name) FILTER (WHERE usename = $1 AND application_name <> '') AS others
       FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    [oldRole],
  );
  if ((seen?.sessions ?? 0) === 0) {
    findings.problem(
      `role ${oldRole}`,
      'the old Hydra was asked for a client, and there is no session of this role',
      'correct inPlace.oldRole, or the DSN of the old Hydra: it must log in as a role that no other program uses',
    );
  }
  if ((seen?.hidden ?? 0) > 0) {
    findings.problem(
      `role ${oldRole}`,
      'track_activities is off for its sessions: nobody sees which of them are idle, nor which lead around the views',
      'set it to on for this role, and have the old Hydra connect anew',
    );
  }
  if (seen?.others != null) {
    findings.warn(
      `role ${oldRole}`,
      `other programs use it: ${seen.others.join(', ')}`,
      'they will look through the views, too, and their sessions are recycled; stop them meanwhile',
    );
  }
}

/** Who holds up the build or the drop of an index, and the run with it. */
export async function checkReaders(
  client: SqlClient,
  findings: Findings,
  olderThanMs = OLD_TRANSACTION_MS,
): Promise<void> {
  const open = await queryRows<{ who: string; seconds: number }>(
    client,
    `SELECT who, extract(epoch FROM clock_timestamp() - since)::int AS seconds FROM (
       SELECT format('process %s of role %s%s', pid, usename, CASE WHEN state LIKE 'idle%' THEN ', ' || state END),
              -- A subscription that begins shows a snapshot to its copy, and no transaction.
              coalesce(xact_start, CASE WHEN backend_xmin IS NOT NULL THEN state_change END)
         FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
       UNION ALL
       -- Of no session any more: only its owner ends it, by its name.
       SELECT format('prepared transaction %L of role %s', gid, owner), prepared FROM pg_prepared_xacts WHERE database = current_database()
     ) AS open(who, since) WHERE since < clock_timestamp() - make_interval(secs => $1) ORDER BY since LIMIT 5`,
    [olderThanMs / 1_000],
  );
  for (const { who, seconds } of open) {
    findings.warn(who, `its transaction is open for ${seconds} s`, HOLDS_UP);
  }
  const before = await hiddenTransactions(client);
  if (before.size === 0) return;
  await sleep(HIDDEN_LOOK_MS);
  const after = await hiddenTransactions(client);
  for (const [id, who] of before) {
    if (!after.has(id)) continue;
    const observed = 'its transaction stays open, and since when is hidden from our role (it lacks pg_monitor)';
    findings.warn(who, observed, HOLDS_UP);
  }
}

/** Of sessions of which our role may not see when their transactions began. @returns who, by what no other transaction has */
async function hiddenTransactions(client: SqlClient): Promise<ReadonlyMap<string, string>> {
  const rows = await queryRows<{ id: string; who: string }>(
    client,
    `SELECT l.virtualxid AS id, format('process %s of role %s', a.pid, a.usename) AS who
       FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock'
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.usename IS NOT NULL AND a.query = '<insufficient privilege>'
      ORDER BY a.pid LIMIT 5`,
  );
  return new Map(rows.map(({ id, who }) => [id, who]));
}

/** What no schema of Hydra's shows. */
async function checkOthersObjects(client: SqlClient, schema: string, findings: Findings): Promise<void> {
  if ((await whoseCompatibility(client)) === 'others') {
    findings.problem(
      `schema ${COMPATIBILITY_SCHEMA}`,
      'is there, and none of ours',
      'rename it: the views get this name',
    );
  }
  const published = await queryRows<{ name: string }>(
    client,
    `SELECT DISTINCT pubname AS name FROM pg_publication_tables WHERE schemaname = $1 AND tablename ~ '^hydra_' ORDER BY 1`,
    [schema],
  );
  for (const { name } of published) {
    const observed = 'sends tables of Hydra that will get columns';
    findings.warn(
      `publication ${name}`,
      observed,
      'who receives it stops at the first new column: add them there before',
    );
  }
  const fired = await queryRows<{ name: string }>(
    client,
    `SELECT evtname AS name FROM pg_event_trigger e WHERE evtenabled <> 'D'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e') ORDER BY 1`,
  );
  for (const { name } of fired) {
    findings.warn(
      `event trigger ${name}`,
      'fires at statements of the migration, and may refuse them',
      `look at what it does, or ALTER EVENT TRIGGER ${name} DISABLE meanwhile`,
    );
  }
}
