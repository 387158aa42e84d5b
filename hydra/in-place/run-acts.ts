import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type OnlineAct, type OnlineForm, type OnlinePlan } from '../../domain/in-place/online-plan';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { withLockRetry } from '../arbiter/lock-retry';
import { addConstraint, setNotNull } from './add-constraint';
import { isMade } from './catalog-marks';
import { createIndex, dropIndex, replaceIndex } from './indexes';
import { IN_PLACE_SCHEMA } from './our-schemas';
import { updateInBatches } from './update-in-batches';

export interface ActTools {
  readonly client: SqlClient;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** Owns Hydra's tables; new ones must belong to it. */
  readonly owner: string;
  readonly lockTimeoutMs: number;
  readonly lockAttempts: number;
  readonly batchRows: number;
  readonly signal: AbortSignal;
  /** Asks in a session of its own, while a statement of `client` runs. */
  readonly watch: <Row>(sql: string) => Promise<Row[]>;
  readonly heartbeat: (progress: Readonly<Record<string, unknown>>) => void;
}

/**
 * Does what the plan says, one act after the other, beginning with the first that is not done.
 *
 * Idempotent at each act: one that the catalog shows as done is only noted, whoever did it. A crash leaves at most an index that is
 * not valid, which is dropped and built anew.
 * @throws CutoverFault LOCK_BUSY | MIGRATION_FAILED (what stands in the way, and what to do)
 */
export async function runActs(tools: ActTools, plan: OnlinePlan): Promise<void> {
  const { client, signal, heartbeat } = tools;
  await withSearchPath(tools, async () => {
    await client.query(`UPDATE ${IN_PLACE_SCHEMA}.run SET begun_at = coalesce(begun_at, clock_timestamp())`);
    for (const number of await openActs(client)) {
      const act = plan.acts[number];
      if (act === undefined) throw new CutoverFault('INTERNAL', `the plan has no act ${number}`);
      signal.throwIfAborted();
      heartbeat({ step: 'migrating', done: number, of: plan.acts.length, says: act.says });
      await runAct(tools, act, number).catch((error: unknown) => {
        throw isRefusal(error) ? refusedAct(act, number, error) : error;
      });
      await client.query(noteSql(number));
    }
  });
}

/** What the old version wrote while both served is brought up, once it has stopped. @returns how many rows were changed */
export function repeatUpdates(tools: ActTools, plan: OnlinePlan): Promise<number> {
  return withSearchPath(tools, async () => {
    let rows = 0;
    for (const act of plan.acts) if (act.kind === 'update' && act.repeatable) rows += await updateInBatches(tools, act);
    return rows;
  });
}

/** The vendor's statements name tables alone. */
async function withSearchPath<T>({ client, schema }: ActTools, work: () => Promise<T>): Promise<T> {
  await client.query(`SET search_path = ${quoteIdentifier(schema)}`);
  try {
    return await work();
  } finally {
    // A session that is gone needs nothing.
    await client.query('RESET search_path').catch(() => undefined);
  }
}

async function openActs(client: SqlClient): Promise<number[]> {
  const sql = `SELECT number FROM ${IN_PLACE_SCHEMA}.act WHERE done_at IS NULL ORDER BY number`;
  return (await queryRows<{ number: number }>(client, sql)).map(({ number }) => number);
}

function noteSql(number: number): string {
  return `UPDATE ${IN_PLACE_SCHEMA}.act SET done_at = clock_timestamp() WHERE number = ${number}`;
}

async function runAct(tools: ActTools, act: OnlineAct, number: number): Promise<void> {
  switch (act.kind) {
    case 'ddl':
      return changeCatalog(tools, act);
    case 'createIndex':
      return createIndex(tools, act);
    case 'dropIndex':
      return dropIndex(tools, act.index);
    case 'replaceIndex':
      return replaceIndex(tools, act);
    case 'update':
      return void (await updateInBatches(tools, act, number));
    case 'constraint':
      return addConstraint(tools, act);
    case 'setNotNull':
      return setNotNull(tools, act);
  }
}

async function changeCatalog(tools: ActTools, act: Extract<OnlineForm, { kind: 'ddl' }>): Promise<void> {
  if (act.makes.length > 0 && (await isMade(tools, act.makes))) return;
  const { client, owner, lockTimeoutMs, lockAttempts, signal } = tools;
  const sql = `SET LOCAL ROLE ${quoteIdentifier(owner)}; ${act.sql}`;
  await withLockRetry(client, act.table, { lockTimeoutMs, attemptsPerTable: lockAttempts, signal }, sql);
  // `IF NOT EXISTS` takes whatever has the name for what was to be made.
  if (act.makes.length === 0 || (await isMade(tools, act.makes))) return;
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `the server took a statement about table ${act.table}, and what it makes is not there: something else has its name; rename that, then try again: it goes on here`,
    { table: act.table },
  );
}

/** Classes of SQLSTATE with which a server says that the database as it is does not allow a statement. Another try meets the same. */
const REFUSALS = ['0A', '23', '2B', '42', '54', 'P0'];

interface ServerError extends Error {
  readonly code: string;
}

function isRefusal(error: unknown): error is ServerError {
  if (!(error instanceof Error) || isCutoverFault(error) || !('code' in error)) return false;
  const { code } = error;
  return typeof code === 'string' && code.length === 5 && REFUSALS.includes(code.slice(0, 2));
}

/** A message of the server names objects and never shows rows; its detail may, and is left out. */
function refusedAct({ says, migration }: OnlineAct, number: number, error: ServerError): CutoverFault {
  return new CutoverFault(
    'MIGRATION_FAILED',
    `the server refuses act ${number + 1} (${says}; migration ${migration}): ${error.message} (SQLSTATE ${error.code}); correct that, then try again: it goes on here`,
    { act: number + 1, sqlState: error.code },
    error,
  );
}
