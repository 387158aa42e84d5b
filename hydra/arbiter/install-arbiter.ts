import { randomUUID } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type SideName } from '../../domain/sides';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { END_WHEN_SILENT } from '../end-when-silent';
import { schemaOwner } from '../as-owner';
import { HYDRAS_TABLES } from '../by-full-name';
import { quoteIdentifier } from '../cleaning/session';
import { quoteLiteral } from '../closing/role-password';
import { assertNoneForeign } from '../ours';
import { PLANTED_FUNCTION_SQL } from '../planted';
import { sqlFile } from '../sql-file';
import { FORWARD } from '../../domain/sides';
import { hasSqlState } from '../sql-state';
import { type ArbiterDescription, describeArbiter } from './describe-arbiter';
import { type LockRetryOptions, withLockRetry } from './lock-retry';
import { SCHEMA_VERSION } from './schema-version';
import { tracesFunctionSql } from './traces-function';
import { type CutoverOrigin, describeOrigin, recordOrigin, tellOrigin } from './origin';

export interface InstallArbiterOptions {
  readonly side: SideName;
  readonly cutoverId: string;
  /** The side that is left starts open; the one that is entered starts closed and armed, until it is opened for a committed epoch. */
  readonly initialState: 'open' | 'closed';
  /** The login that may write while this side is closed. */
  readonly syncRole?: string;
  /** Owns what is made, and the functions that triggers and gateways call; the session's role may act as it. @default that one */
  readonly owner?: string;
  /** For whoever meets this arbiter later. */
  readonly origin?: CutoverOrigin;
}

const SCHEMAS = ['hydra_cutover', 'hydra_cutover_barrier', 'hydra_cutover_asks'] as const;

/**
 * Makes schema `hydra_cutover` with the arbiter of this side, `hydra_cutover_barrier` and `hydra_cutover_asks`, in one transaction.
 * Idempotent for the same cutover and side: what is there stays as it is. There is no way back from a removal that has begun: what it has taken off already is not known to the
 * caller, so the removal is finished first.
 *
 * @returns the nonce that every later transaction asserts, so that crossed connections are noticed
 * @throws CutoverFault CUTOVER_RUNNING (another cutover's arbiter is there) | CROSSED_CONNECTION (this cutover's, but of the
 *   other side) | CHECK_FAILED (a schema of that name belongs to somebody else; writes have moved away from here; the removal of
 *   this cutover has begun)
 */
export async function installArbiter(client: SqlClient, options: InstallArbiterOptions): Promise<{ nonce: string }> {
  // First: a schema that somebody else owns could hold functions of theirs that our guards would call.
  await assertNoneForeign(client, SCHEMAS);
  const before = await describeArbiter(client);
  if (before !== undefined) return adopt(client, before, options);
  const nonce = randomUUID();
  await client.query(`BEGIN; ${END_WHEN_SILENT}`);
  try {
    await makeSchemas(client, options.owner);
    for (const file of ['arbiter.sql', 'members.sql', 'looks.sql', 'asks.sql'])
      await client.query(sqlFile(__dirname, file));
    await client.query(sqlFile(__dirname, 'guards.sql', { hydras_tables: HYDRAS_TABLES_SQL }));
    await client.query(tracesFunctionSql());
    await client.query(
      'INSERT INTO hydra_cutover.run (side, nonce, cutover_id, state, sync_role, schema_version) VALUES ($1, $2::uuid, $3, $4, $5, $6)',
      [options.side, nonce, options.cutoverId, options.initialState, options.syncRole ?? null, SCHEMA_VERSION],
    );
    await client.query(PLANTED_FUNCTION_SQL);
    await client.query('SELECT hydra_cutover.record_made()');
    if (options.origin !== undefined) await recordOrigin(client, options.origin);
    if (options.initialState === 'closed') {
      await client.query('SELECT hydra_cutover.mark_change(); INSERT INTO hydra_cutover.counting DEFAULT VALUES');
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    const first = isTaken(error) ? await describeArbiter(client) : undefined;
    if (first === undefined) throw error;
    return adopt(client, first, options);
  }
  return { nonce };
}

/** Names alone, of every version. */
const HYDRAS_TABLES_SQL = `ARRAY[${HYDRAS_TABLES.map((name) => quoteLiteral(name)).join(', ')}]::name[]`;

/** From here to the end of the transaction the session acts as who owns them. */
async function makeSchemas(client: SqlClient, owner: string | undefined): Promise<void> {
  const as = owner === undefined ? '' : quoteIdentifier(owner);
  for (const schema of SCHEMAS)
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}${as === '' ? '' : ` AUTHORIZATION ${as}`}`);
  // Once more: one that somebody made since the look before would be taken as it is.
  await assertNoneForeign(client, SCHEMAS);
  if (as !== '') await client.query(`SET LOCAL ROLE ${as}`);
}

async function adopt(
  client: SqlClient,
  found: ArbiterDescription,
  options: InstallArbiterOptions,
): Promise<{ nonce: string }> {
  if (found.cutoverId !== options.cutoverId) throw await cutoverRunning(client, found);
  if (found.side !== options.side) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `this database is the ${found.side} side of cutover ${found.cutoverId}, not the ${options.side} one; ` +
        'check the addresses of both sides',
    );
  }
  const over = whyOver(found);
  if (over !== undefined) {
    throw new CutoverFault('CHECK_FAILED', over, {
      cutoverId: found.cutoverId,
      state: found.state,
      epoch: found.epoch,
    });
  }
  return { nonce: found.nonce };
}

function whyOver({ cutoverId, side, state, epoch }: ArbiterDescription): string | undefined {
  if (state === 'committed') {
    return (
      `writes moved away from this database, the ${side} side of cutover ${cutoverId}, with epoch ${epoch}; nothing is prepared here ` +
      'any more and nothing was changed. `hydra-cutover status` says how far that cutover is'
    );
  }
  if (state === 'removing') {
    return (
      `the removal of cutover ${cutoverId} from this database has begun, so that nothing can be prepared here; nothing was changed. ` +
      'Let its undo finish (`hydra-cutover repair` does it without a workflow), then start again'
    );
  }
  return undefined;
}

/** Says who, when, from where, how far, and what to do about it. */
export async function cutoverRunning(client: SqlClient, found: ArbiterDescription): Promise<CutoverFault> {
  const { cutoverId, side, state, epoch, installedAt, attempts } = found;
  const origin = await describeOrigin(client);
  const tried = attempts.length === 0 ? '' : `, ${attempts.length} attempts of a switchover`;
  return new CutoverFault(
    'CUTOVER_RUNNING',
    `cutover ${cutoverId} holds this database as its ${side} side since ${installedAt}, ${tellOrigin(origin)}; state ` +
      `${state}, epoch ${epoch}${tried}; nothing was changed. ${howItEnds(found)}`,
    {
      ...{ cutoverId, side, state, epoch, since: installedAt, startedBy: origin?.startedBy },
      ...{ workflowId: origin?.workflowId, temporal: origin?.temporal, step: origin?.step ?? undefined },
    },
  );
}

/** After a commit nothing is taken back, so `cancel` is no way out of it. */
function howItEnds({ cutoverId, side, state }: ArbiterDescription): string {
  const isLeft = side === FORWARD.from;
  const ask = 'if that Temporal is gone, `hydra-cutover status --from-databases` says what to do';
  if (isLeft && state !== 'committed') {
    return `Where it was started, \`hydra-cutover status\` follows it and \`hydra-cutover cancel\` ends it; ${ask}`;
  }
  if (isLeft) {
    return `The writes left this database for good: correct ${side}.database to the one that serves. Where cutover ${cutoverId} was started, \`hydra-cutover status\` says how far it is; ${ask}`;
  }
  return `Where cutover ${cutoverId} was started, \`hydra-cutover status\` says how far it is; ${ask}`;
}

function isTaken(error: unknown): boolean {
  return hasSqlState(error, 'duplicateSchema', 'duplicateTable', 'duplicateFunction', 'uniqueViolation');
}

export interface GuardTablesOptions extends LockRetryOptions {
  /** The schema that holds Hydra's tables. @default 'public' */
  readonly schema?: string;
}

/**
 * Puts the guard on every table of Hydra's schema that has none, but for those of others; `schema_migration` gets the one that never ends. One that is off or
 * is not the one that was recorded is made anew, and so is one of a closed side's table that was
 * rewritten or has other columns.
 *
 * The owner of our schema gets the least right that lets it lock the table: the commit does, to wait for DDL that is under way.
 *
 * Idempotent, one table per transaction. The server refuses it (HC004) under a fence, after a commit and in a removal.
 * @throws CutoverFault LOCK_BUSY when a table stays locked through all attempts; tables done so far keep their guard
 * @returns names of the tables that got a guard in this call
 */
export async function guardTables(client: SqlClient, options: GuardTablesOptions = {}): Promise<string[]> {
  const unguarded = await queryRows<{ name: string; relname: string; replace: boolean }>(
    client,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relname, t.oid IS NOT NULL AS replace
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN hydra_cutover.guarded g ON g.table_oid = c.oid
       LEFT JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'hydra_cutover_guard'
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND (c.relname = ANY ($2) OR NOT EXISTS (
          -- Of others: only its owner could put a trigger on it, and Hydra writes none of these.
          SELECT FROM pg_catalog.pg_class hydras WHERE hydras.relnamespace = n.oid AND hydras.relname = ANY ($2)
          HAVING count(*) > 0 AND NOT bool_or(pg_has_role(c.relowner, hydras.relowner, 'MEMBER'))))
        AND (g.table_oid IS NULL OR t.oid IS NULL OR t.tgenabled <> 'A' OR t.xmin <> g.trigger_xmin
             OR ((c.relfilenode <> g.relfilenode OR hydra_cutover.columns_hash(c.oid) <> g.columns_hash) AND EXISTS (SELECT 1 FROM hydra_cutover.run WHERE state = 'closed')))
      ORDER BY c.relname`,
    [options.schema ?? 'public', HYDRAS_TABLES],
  );
  const owner = await schemaOwner(client);
  for (const { name, relname, replace } of unguarded) {
    const guard = relname === 'schema_migration' ? 'hydra_cutover.guard_migrations' : 'hydra_cutover.guard';
    const sql = sqlFile(__dirname, 'guard-table.sql', {
      table: name,
      function: `${guard}()`,
      literal: quoteLiteral(name),
    });
    // Only where there is one: it keeps readers out too.
    const drop = replace ? `DROP TRIGGER hydra_cutover_guard ON ${name};\n` : '';
    await withLockRetry(client, name, options, `${drop}${sql}${owner === null ? '' : lockableBy(owner, name)}`);
  }
  return unguarded.map(({ name }) => name);
}

/** Source: PostgreSQL manual, "LOCK". A right to one more mode than it needs, and to read nothing. */
function lockableBy(owner: string, table: string): string {
  return `GRANT UPDATE ON ${table} TO ${quoteIdentifier(owner)};`;
}
