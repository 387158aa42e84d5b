import { type DatabaseAddress } from '../../domain/ports/databases';
import { isSupportedPostgres, NEWEST_POSTGRES, OLDEST_POSTGRES } from '../../domain/postgres-majors';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { checkPrivileges } from '../../hydra/privileges';
import { type Findings } from './findings';
import { type Configured } from '../step';

/** Where a finding stops being harmless. */
export interface PreflightLimits {
  /** A transaction that is open for longer keeps the fence waiting. */
  readonly transactionMs: number;
  /** One in which nothing happens for longer. */
  readonly idleInTransactionMs: number;
  readonly clockDifferenceMs: number;
}

export const PREFLIGHT_LIMITS: PreflightLimits = {
  transactionMs: 60_000,
  idleInTransactionMs: 15_000,
  clockDifferenceMs: 2_000,
};

/** Nothing is known against these. */
const COMMON_EXTENSIONS = ['plpgsql', 'pg_stat_statements', 'pgcrypto', 'uuid-ossp', 'pg_trgm'] as const;

interface ServerFacts {
  readonly version: string;
  readonly number: number;
  readonly replica: boolean;
  readonly fsync: string;
  readonly synchronous: string;
  readonly timezone: string;
  readonly encoding: string;
  readonly nowMs: number;
  readonly extensions: readonly string[];
  readonly eventTriggers: number;
  readonly slots: number;
}

const SERVER_SQL = `
  SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
         pg_is_in_recovery() AS replica, current_setting('fsync') AS fsync,
         -- What everybody else's sessions get: our own have settings of ours.
         (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous,
         (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone') AS timezone,
         current_setting('server_encoding') AS encoding, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs",
         ARRAY(SELECT extname::text FROM pg_extension ORDER BY 1) AS extensions,
         (SELECT count(*) FROM pg_event_trigger WHERE evtenabled <> 'D')::int AS "eventTriggers",
         (SELECT count(*) FROM pg_replication_slots)::int AS slots`;

/** The server can carry a cutover: version, durability, clock, what else is installed. @returns its version */
export async function checkServer(
  client: SqlClient,
  { settings, direction: { from, to } }: Configured,
  findings: Findings,
  limits: PreflightLimits,
): Promise<string> {
  const before = Date.now();
  const [server] = await queryRows<ServerFacts>(client, SERVER_SQL);
  if (!server) return 'unknown';
  const differenceMs = Math.round(server.nowMs - (before + Date.now()) / 2);
  const where = `${from}'s server`;
  if (!isSupportedPostgres(server.number)) {
    const allowed = `${OLDEST_POSTGRES} to ${NEWEST_POSTGRES}`;
    findings.problem(where, `PostgreSQL ${server.version}`, 'upgrade PostgreSQL before Hydra', allowed);
  }
  if (server.replica) findings.problem(where, 'is a read replica', `name the primary in ${from}.database.host`);
  if (server.encoding !== 'UTF8') {
    findings.problem(
      where,
      `the encoding of its database is ${server.encoding}: what Hydra writes as UTF-8 may be kept as other bytes, or as none that can be read again`,
      "copy Hydra's database into one with the encoding UTF8, and let Hydra use that first",
      'UTF8',
    );
  }
  if (server.fsync !== 'on') {
    const fix = 'turn it on: after a crash both sides could accept writes';
    if (settings.environment.production) findings.problem(where, 'fsync is off', fix);
    else findings.warn(where, 'fsync is off', fix);
  }
  if (server.synchronous === 'off') {
    findings.warn(where, 'synchronous_commit is off', 'what Hydra confirmed last may be lost by a crash of the server');
  }
  if (!['UTC', 'Etc/UTC', 'GMT'].includes(server.timezone)) {
    findings.warn(
      where,
      `its time zone is ${server.timezone}`,
      `Hydra's times are without one; leave it as it is on ${to} too`,
    );
  }
  if (Math.abs(differenceMs) > limits.clockDifferenceMs) {
    findings.warn(where, `its clock differs by ${differenceMs} ms from the worker's`, 'correct the one that is wrong');
  }
  const unusual = server.extensions.filter((name) => !COMMON_EXTENSIONS.some((known) => known === name));
  if (unusual.length > 0) {
    findings.warn(where, `extensions ${unusual.join(', ')}`, 'make sure that none of them writes to or watches tables');
  }
  if (server.eventTriggers > 0) {
    findings.warn(
      where,
      `${server.eventTriggers} event triggers`,
      'make sure that they let triggers and schemas be made',
    );
  }
  if (server.slots > 0) {
    findings.warn(
      where,
      `${server.slots} replication slots`,
      `they do not follow to ${to}: who reads them must be told`,
    );
  }
  return server.version;
}

interface Holder {
  readonly pid: number;
  readonly user: string;
  readonly state: string;
  readonly ageMs: number;
  readonly application: string;
  readonly tables: readonly string[];
}

const HOLDERS_SQL = `
  SELECT a.pid, a.usename::text AS user, a.state, a.application_name AS application,
         (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::float8 AS "ageMs",
         ARRAY(SELECT DISTINCT c.relname::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                WHERE l.pid = a.pid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                  AND c.relnamespace = to_regnamespace(quote_ident($3)) AND c.relkind IN ('r', 'p') ORDER BY 1) AS tables
    FROM pg_stat_activity a
   WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start IS NOT NULL
     AND (a.xact_start < clock_timestamp() - make_interval(secs => $1 / 1000.0)
          OR (a.state LIKE 'idle in transaction%' AND a.state_change < clock_timestamp() - make_interval(secs => $2 / 1000.0)))
   ORDER BY a.xact_start`;

/** Nobody holds what the fence will need: it waits for every writer, and triggers for every reader. */
export async function checkHolders(
  client: SqlClient,
  { settings, direction: { from } }: Configured,
  findings: Findings,
  limits: PreflightLimits,
): Promise<void> {
  const values = [limits.transactionMs, limits.idleInTransactionMs, settings.hydraSchema];
  for (const holder of await queryRows<Holder>(client, HOLDERS_SQL, values)) {
    const tables = holder.tables.length === 0 ? '' : `, holds ${holder.tables.join(', ')}`;
    findings.problem(
      `process ${holder.pid} on ${from}'s database`,
      `${holder.user} (${holder.application || 'no name'}) is in a transaction for ${Math.round(holder.ageMs / 1_000)} s (${holder.state}${tables})`,
      'wait for its end, or end it',
      `at most ${limits.transactionMs} ms, idle ${limits.idleInTransactionMs} ms`,
    );
  }
  const prepared = await queryRows<{ owner: string; since: string }>(
    client,
    `SELECT owner::text, to_char(prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
       FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 20`,
  );
  for (const { owner, since } of prepared) {
    findings.problem(
      `${from}'s database`,
      `a prepared transaction of ${owner} since ${since}`,
      'commit it or roll it back: it keeps its locks without a session',
      'none',
    );
  }
  const [old] = await queryRows<{ count: number }>(
    client,
    `SELECT count(*)::int AS count FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL`,
  );
  if ((old?.count ?? 0) > 0) {
    findings.warn(
      `${from}'s server`,
      `${old?.count} replication slots hold back cleaning up`,
      'see that they are read',
    );
  }
}

/** Our role on the left side, whoever looks. */
export type Keeper = Pick<DatabaseAddress, 'user' | 'database'>;

/**
 * Our role may do what the steps do, on the entered side too: the snapshot brings it there. What `privileges --check` finds missing is a
 * problem here, and what it finds in excess a warning: one list, so that no right is missed until the copy is there.
 */
export async function checkRights(
  client: SqlClient,
  keeper: Keeper,
  { settings, direction: { from } }: Configured,
  findings: Findings,
): Promise<void> {
  const { hydraRole, arbiterRoles, syncRole, migrationRole } = settings.green;
  const roles = {
    ...{ tool: [keeper.user], sync: syncRole, migration: migrationRole, owner: hydraRole },
    ...{ database: keeper.database, schema: settings.hydraSchema, gateways: arbiterRoles },
    workers: [...new Set(Object.values(settings.workerRoles ?? {}))],
    look: [...new Set(Object.values(settings.lookRoles ?? {}))],
  };
  for (const { kind, what, fix } of await checkPrivileges(client, roles, keeper.user)) {
    if (kind === 'missing') findings.problem(`rights on ${from}`, what, fix);
    else findings.warn(`rights on ${from}`, what, fix);
  }
}
