import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type KeptRun, readKeptRun } from '../../hydra/in-place/keep-plan';
import { type Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive } from './prepare-live';

/** What the plan tells of the live database. */
export interface SeenDatabase {
  readonly kept: KeptRun | undefined;
  readonly bytes: number;
  readonly rows: Readonly<Record<string, number>>;
}

/** Transactions that are open for longer hold up an index build, and the run with it, but nobody else. */
const OLD_TRANSACTION_MS = 30_000;

/** Our role may do what has to be done, the old version logs in as its role, and nobody is in the way. */
export function checkOldDatabase(deps: InPlaceDeps, context: StepContext, findings: Findings): Promise<SeenDatabase> {
  return onLive(deps, context, async (client) => {
    await checkRoles(deps, client, findings);
    await checkOldSessions(deps, client, findings);
    await checkReaders(client, findings);
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
  readonly isSuperuser: boolean;
}

async function checkRoles(deps: InPlaceDeps, client: SqlClient, findings: Findings): Promise<void> {
  const { owner, oldRole, newRole, schema } = deps.settings;
  const roles = await queryRows<SeenRole>(
    client,
    `SELECT wanted.name, r.oid IS NOT NULL AS exists, coalesce(pg_has_role(r.oid, 'USAGE'), false) AS "isMine",
            coalesce(r.rolsuper, false) AS "isSuperuser"
       FROM unnest($1::text[]) AS wanted(name) LEFT JOIN pg_roles r ON r.rolname = wanted.name`,
    [[...new Set([owner, oldRole, newRole])]],
  );
  for (const { name, exists, isMine, isSuperuser } of roles) {
    if (!exists) {
      findings.problem(`role ${name}`, 'is not there', 'make it, or correct the name in inPlace');
    } else if (!isMine && name !== newRole) {
      findings.problem(`role ${name}`, 'our role is no member of it', `GRANT ${name} to our role`);
    } else if (isSuperuser && name === oldRole) {
      findings.problem(`role ${name}`, 'is a superuser', 'let the old Hydra log in as a role of its own');
    }
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
  await deps.hydra.old.readClients('blue');
  const [seen] = await queryRows<{ sessions: number; others: string[] | null }>(
    client,
    `SELECT count(*) FILTER (WHERE usename = $1)::int AS sessions,
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
  if (seen?.others != null) {
    findings.warn(
      `role ${oldRole}`,
      `other programs use it: ${seen.others.join(', ')}`,
      'they will look through the views, too, and their sessions are recycled; stop them meanwhile',
    );
  }
}

async function checkReaders(client: SqlClient, findings: Findings): Promise<void> {
  const open = await queryRows<{ who: string; seconds: number }>(
    client,
    `SELECT format('process %s of role %s', pid, usename) AS who, extract(epoch FROM clock_timestamp() - xact_start)::int AS seconds
       FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND xact_start < clock_timestamp() - make_interval(secs => $1) ORDER BY xact_start LIMIT 5`,
    [OLD_TRANSACTION_MS / 1_000],
  );
  for (const { who, seconds } of open) {
    findings.warn(
      who,
      `its transaction is open for ${seconds} s`,
      'building an index waits for it (nobody else does); end it before you approve',
    );
  }
}
