import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { readableIdentifier } from '../../hydra/cleaning/session';
import { sourceTables } from '../../hydra/paths';
import { plantedOn } from '../../hydra/planted';
import { type StepDeps } from '../step';
import { type Keeper } from './check-server';
import { type Findings } from './findings';
import { pathOfRun } from '../support/of-side';
import { type Direction } from '../../domain/sides';

/**
 * What somebody put on Hydra's tables that would run in a session of ours which reads or, on the copy, writes them, and who may put a table
 * beside them. Reads catalogs alone.
 */
export async function checkPlanted(
  client: SqlClient,
  keeper: Keeper,
  deps: Pick<StepDeps, 'settings' | 'direction' | 'canaryUser'>,
  findings: Findings,
): Promise<void> {
  const { settings, canaryUser } = deps;
  const { from, to } = deps.direction;
  const { hydraSchema: schema } = settings;
  // The canary user's rows and the lifetimes of clients are written by whoever is named for Hydra's rows, or else by the role that decides.
  const writesAsDecider =
    settings.workerRoles?.[from] === undefined && (canaryUser !== undefined || settings.accessTokenLifespanMs !== null);
  const tables = sourceTables(pathOfRun(deps));
  for (const { kind, what } of await plantedOn(client, { schema, tables, isWritten: true })) {
    // A check of its own says what helps, and for whom.
    if (kind === 'row security') continue;
    // On the copy those of Hydra's tables are switched off. One of a table elsewhere, whose rows go with Hydra's, is not.
    if (kind === 'trigger' && !writesAsDecider) continue;
    const instead = kind === 'trigger' ? `name a role for these rows in ${from}.database.worker, or ` : '';
    const fix = `${instead}find out who made it, and take it off for the cutover; nothing of it has run`;
    findings.problem(
      `Hydra's tables on ${from}`,
      `${what}: none of Hydra's, and it would run with our rights`,
      fix,
      'none',
    );
  }
  for (const side of [from, to]) {
    if (!settings.environment.production || settings.workerRoles?.[side] !== undefined) continue;
    findings.warn(
      `${side}.database.worker`,
      `is not set: Hydra's rows are read on ${side} as the role that decides, and what somebody plants on these tables while a run is under way may act as it`,
      'name a role of its own there (`hydra-cutover privileges` prints it)',
    );
  }
  await checkEventTriggers(deps.direction, client, findings);
  await checkSubscriptions(deps.direction, client, findings);
  const creators = await queryRows<{ name: string; owner: string | null }>(
    client,
    `SELECT 'PUBLIC' AS name, (SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'schema_migration') AS owner FROM pg_namespace n, aclexplode(n.nspacl) a
      WHERE n.nspname = $1 AND a.grantee = 0 AND a.privilege_type = 'CREATE'
     UNION
     SELECT quote_ident(pg_get_userbyid(a.grantee)), NULL FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
      WHERE n.nspname = $1 AND a.privilege_type = 'CREATE' AND NOT r.rolsuper AND r.rolname NOT IN ($3, $2)
        AND NOT pg_has_role($2, a.grantee, 'USAGE') AND a.grantee <> n.nspowner ORDER BY 1`,
    [schema, settings.green.hydraRole, keeper.user],
  );
  for (const { name, owner } of creators) {
    const observed = `${name} may create in schema ${schema}: a table there with a name of another version of Hydra keeps every commit away`;
    const its = `CREATE ON SCHEMA ${readableIdentifier(schema)}`;
    // What everybody has may be all that Hydra has: until PostgreSQL 14 its own role is often given no right of its own.
    const first = owner === null ? '' : `GRANT USAGE, ${its} TO ${owner}; `;
    findings.warn(`schema of Hydra's tables on ${from}`, observed, `${first}REVOKE ${its} FROM ${name}`);
  }
}

/**
 * What answers to DDL answers to ours, on the left side and, copied, on the entered one: as our role, which may lack what it needs, and to the tables that
 * the migration drops. Nobody but a superuser makes one; those of an extension (pgaudit, say) know every role.
 */
async function checkEventTriggers({ from, to }: Direction, client: SqlClient, findings: Findings): Promise<void> {
  const found = await queryRows<{ name: string; event: string; calls: string }>(
    client,
    `SELECT quote_ident(e.evtname) AS name, e.evtevent::text AS event, e.evtfoid::regprocedure::text AS calls FROM pg_event_trigger e
      WHERE e.evtenabled IN ('O', 'A') AND e.evtevent <> 'login' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.deptype = 'e' AND (d.classid, d.objid) IN (('pg_event_trigger'::regclass, e.oid), ('pg_proc'::regclass, e.evtfoid)))
      ORDER BY 1`,
  );
  for (const { name, event, calls } of found) {
    findings.problem(
      `event trigger ${name} on ${from}`,
      `calls ${calls} at ${event}: for what we make on ${from}, and on ${to} for all that the migration makes and drops, with the rights of our roles`,
      `ALTER EVENT TRIGGER ${name} DISABLE before the start, and ENABLE on the database that serves after finalize`,
      'none',
    );
  }
}

/**
 * A copy of the server has them as they are, and begins at once: each takes from the same slot of the publisher what the original
 * has not read yet, which then never gets it.
 * Source: PostgreSQL manual, "Logical Replication", "Subscription": a slot serves one subscription.
 */
async function checkSubscriptions({ from, to }: Direction, client: SqlClient, findings: Findings): Promise<void> {
  const found = await queryRows<{ name: string }>(
    client,
    `SELECT quote_ident(subname) AS name FROM pg_subscription
      WHERE subenabled AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`,
  );
  for (const { name } of found) {
    findings.problem(
      `subscription ${name} on ${from}`,
      `is enabled: ${to}'s copy of it would take from the publisher's slot what ${from} has not read yet`,
      `ALTER SUBSCRIPTION ${name} DISABLE before the start, and ENABLE on ${from} once the snapshot is taken; on ${to}, before it is enabled there, give it a slot of its own or drop it`,
      'none',
    );
  }
}
