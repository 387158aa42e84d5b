import { type SqlClient, queryRows, queryTogether } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { assertSchemaVersion, schemaVersionSql } from './schema-version';

/** Times are that database's clock, ISO-8601 with offset. */
export type BeginAnswer =
  | {
      readonly ok: true;
      readonly attempt: number;
      readonly epoch: number;
      readonly holdStartedAt: string;
      readonly leaseUntil: string;
    }
  | {
      readonly ok: false;
      readonly reason: 'committed' | 'closed' | 'abandoned' | 'removing' | 'attempt_alive' | 'stale_epoch';
      readonly attempt?: number;
      readonly epoch: number;
    };

export type FenceAnswer =
  | { readonly ok: true; readonly alreadyFenced: boolean; readonly leaseUntil: string }
  | {
      readonly ok: false;
      readonly reason: 'unknown_attempt' | 'fenced' | 'aborted' | 'committed' | 'lease_over' | 'members';
      readonly leaseUntil?: string;
      /** Names of gateways that may still forward writes: beating ones, and ones that fell silent before they knew of the attempt. */
      readonly alive?: readonly string[];
      readonly silent?: readonly string[];
    };

export type CommitAnswer =
  | { readonly ok: true; readonly alreadyCommitted: boolean; readonly epoch: number }
  | {
      readonly ok: false;
      readonly reason: 'unknown_attempt' | 'holding' | 'aborted' | 'lease_over' | 'undone_changes' | 'guard_problems';
      readonly undone?: number;
      readonly problems?: readonly string[];
    };

export interface AbortAnswer {
  readonly outcome: 'aborted' | 'committed' | 'unknown_attempt';
  readonly epoch?: number;
}

export type OpenAnswer =
  | { readonly ok: true; readonly alreadyOpen: boolean; readonly epoch: number }
  | {
      readonly ok: false;
      readonly reason: SideState | 'guard_problems';
      readonly epoch: number;
      readonly problems?: readonly string[];
    };

/** `abandoned`: an entered side that may never open any more. `removing`: writes pass, and no attempt may begin any more. */
export type SideState = 'open' | 'fenced' | 'committed' | 'closed' | 'abandoned' | 'removing';

export type AbandonAnswer =
  | { readonly ok: true; readonly epoch: number }
  | { readonly ok: false; readonly reason: SideState; readonly epoch: number };

export type RemovalAnswer =
  | { readonly ok: true; readonly alreadyRemoving: boolean }
  | {
      readonly ok: false;
      readonly reason: 'committed' | 'closed' | 'abandoned' | 'attempt_alive' | 'other_cutover';
      readonly epoch: number;
      readonly leaseUntil?: string;
    };

export interface ArbiterState {
  readonly side: SideName;
  readonly nonce: string;
  readonly cutoverId: string;
  readonly schemaVersion: number;
  readonly state: SideState;
  readonly epoch: number;
  readonly armed: boolean;
  /** Writes that a guard refused since the arbiter was installed. Null: not known, because the server crashed since the last fence. */
  readonly refused: number | null;
}

/**
 * Registers an attempt before the first request is held; its lease is fixed here, on that database's clock.
 * @throws PostgreSQL's 55P03 when somebody holds the table of attempts for seconds
 */
export function beginAttempt(
  client: SqlClient,
  options: { readonly epoch: number; readonly holdDeadlineMs: number; readonly marginMs: number },
): Promise<BeginAnswer> {
  const { epoch, holdDeadlineMs, marginMs } = options;
  return call(client, 'begin_attempt($1, $2, $3)', [epoch, holdDeadlineMs, marginMs]);
}

/**
 * Idempotent per attempt.
 *
 * @param acknowledged members that hold, with no write in flight; refused while another one may forward writes
 * @throws PostgreSQL's 55P03 when writers hold out longer than `lockTimeoutMs`; nothing changed then
 */
export function fence(
  client: SqlClient,
  attempt: number,
  lockTimeoutMs: number,
  acknowledged: readonly string[] = [],
): Promise<FenceAnswer> {
  return call(client, 'fence($1, $2, $3::uuid[])', [attempt, lockTimeoutMs, [...acknowledged]]);
}

/** The point of no return. Idempotent per attempt. @throws PostgreSQL's 55P03 */
export function commitAttempt(client: SqlClient, attempt: number, lockTimeoutMs: number): Promise<CommitAnswer> {
  return call(client, 'commit_attempt($1, $2)', [attempt, lockTimeoutMs]);
}

/** Gives an attempt up, or learns that it was committed: how a lost answer is resolved and a gateway in doubt decides. */
export function abortAttempt(
  client: SqlClient,
  attempt: number,
  by: string,
  lockTimeoutMs: number,
): Promise<AbortAnswer> {
  return call(client, 'abort_attempt($1, $2, $3)', [attempt, by, lockTimeoutMs]);
}

/**
 * Takes the right to begin an attempt away for good, so that what the commit rests on can be removed: writes pass from then on as
 * on an open side. Refused while an attempt is alive, after a commit, and on a side that is not yet open, and of
 * another cutover's arbiter. Idempotent. @throws PostgreSQL's 55P03 when somebody holds the table of attempts for seconds
 */
export function beginRemoval(client: SqlClient, cutoverId: string): Promise<RemovalAnswer> {
  return call(client, 'begin_removal($1)', [cutoverId]);
}

/**
 * {@link openSide} in a transaction that it begins, in one round trip. To its end writers of this side wait, and nobody sees it open;
 * {@link commitOpening} is all that is left. What the session had open is rolled back.
 *
 * @param silentMs a client that says nothing for so long loses the transaction
 * @throws PostgreSQL's 55P03
 */
export async function beginOpening(
  client: SqlClient,
  epoch: number,
  lockTimeoutMs: number,
  silentMs: number,
): Promise<OpenAnswer> {
  const text = `ROLLBACK; BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${Math.round(silentMs)};
    SELECT hydra_cutover.open_side(${Math.round(epoch)}, ${Math.round(lockTimeoutMs)}) AS answer`;
  const [row] = await queryTogether<{ answer: OpenAnswer }>(client, text);
  if (row === undefined) throw new Error('hydra_cutover.open_side gave no row');
  return row.answer;
}

/**
 * Ends what {@link beginOpening} began, in one round trip.
 *
 * @returns whether this side is open for `epoch` now: a transaction that was rolled back meanwhile is committed without an error
 */
export async function commitOpening(client: SqlClient, epoch: number): Promise<boolean> {
  const text = 'COMMIT; SELECT state, epoch::float8 AS epoch FROM hydra_cutover.run';
  const [run] = await queryTogether<{ state: SideState; epoch: number }>(client, text);
  return run?.state === 'open' && run.epoch === epoch;
}

/** Lets a closed side take writes under `epoch`, if its guards hold. Idempotent per epoch. @throws PostgreSQL's 55P03 */
export function openSide(client: SqlClient, epoch: number, lockTimeoutMs: number): Promise<OpenAnswer> {
  return call(client, 'open_side($1, $2)', [epoch, lockTimeoutMs]);
}

/** The entered side is never opened any more, whoever asks for it. Idempotent; refused once it is open. @throws PostgreSQL's 55P03 */
export function abandonSide(client: SqlClient, lockTimeoutMs: number): Promise<AbandonAnswer> {
  return call(client, 'abandon_side($1)', [lockTimeoutMs]);
}

/**
 * What a gateway in doubt asks the side that is being left: claims the epoch. Without one it claims nothing, and learns
 * `unknown` while an attempt is alive.
 *
 * `aborted`: the epoch can never be committed here, serve as before; `committed`: it was; `unknown`: ask again.
 */
export async function claimEpoch(
  client: SqlClient,
  question: { readonly epoch: number | null; readonly appliedEpoch: number; readonly by: string },
): Promise<'aborted' | 'committed' | 'unknown'> {
  const { epoch, appliedEpoch, by } = question;
  return call(client, 'claim_epoch($1, $2, $3)', [epoch, appliedEpoch, by], ASKS);
}

/** Whether this side was opened for `epoch`: what a gateway asks the entered side before it follows a committed epoch. */
export function serves(client: SqlClient, epoch: number): Promise<boolean> {
  return call(client, 'serves($1)', [epoch], ASKS);
}

/** How things stand at one arbiter: `committed`, `serves` and `finalized` are final, `living` may be over a moment later. */
export interface ArbiterOutcome {
  readonly side: SideName;
  /** The epoch that this side was opened for. */
  readonly serves: number | null;
  /** The epoch whose commit moved the writes away from here. */
  readonly committed: number | null;
  /** An attempt that may still be fenced and committed. */
  readonly living: number | null;
  /** Everybody was seen on the other side, and its arbiter is gone or going. */
  readonly finalized: boolean;
}

/** Looks, claims nothing. */
export function readOutcome(client: SqlClient): Promise<ArbiterOutcome> {
  return call(client, 'outcome()', [], ASKS);
}

/** Whether an attempt of exactly this epoch is alive on this side. */
export function prepares(client: SqlClient, epoch: number): Promise<boolean> {
  return call(client, 'prepares($1)', [epoch], ASKS);
}

/** Idempotent. @returns false when `epoch` is not the one that was committed here; nothing changed then */
export function markFinalized(client: SqlClient, epoch: number): Promise<boolean> {
  return call(client, 'mark_finalized($1)', [epoch]);
}

/** Asked of the catalog itself: a function that was replaced says nothing against itself. */
const REPLACED = `
  SELECT format('function %s was replaced or changed (it belongs to %s)', p.oid::regprocedure, pg_get_userbyid(p.proowner)) AS problem
    FROM hydra_cutover.made m
    -- Each by itself, because the server has thousands of functions and this is asked in the pause.
    CROSS JOIN LATERAL (SELECT f.oid, f.proowner, f.xmin AS made_by FROM pg_catalog.pg_proc f WHERE f.oid = m.function_oid OFFSET 0) p
   WHERE p.made_by <> m.function_xmin`;

/** @returns what makes the guards worth less than they seem; empty when all is well */
export function guardProblems(client: SqlClient): Promise<string[]> {
  return problemsOf(client, 'guard_problems()');
}

/**
 * To be asked of the side that was left, after the commit and before the other side opens: DDL that a commit cannot see because it
 * needs weaker locks or comes later.
 *
 * @returns what may have been written there past the guards since the fence; empty when all is well
 */
export function problemsSinceCommit(client: SqlClient): Promise<string[]> {
  return problemsOf(client, 'problems_since_commit()');
}

async function problemsOf(client: SqlClient, call: string): Promise<string[]> {
  const sql = `SELECT problem FROM hydra_cutover.${call} problem UNION ${REPLACED} ORDER BY 1`;
  const rows = await queryRows<{ problem: string }>(client, sql);
  return rows.map(({ problem }) => problem);
}

/** Null after a crash: the server empties an unlogged table then. */
export const REFUSED_SQL = `(CASE WHEN armed.last_value <> 0 AND NOT EXISTS (SELECT 1 FROM hydra_cutover.counting) THEN NULL
                 WHEN refused.is_called THEN refused.last_value + 1 ELSE 0 END::float8)`;

/** What a side that was left says about its fence. */
export interface FenceLook {
  /** See {@link problemsSinceCommit}. */
  readonly problems: readonly string[];
  /** As in {@link ArbiterState}. */
  readonly refused: number | null;
}

/** {@link problemsSinceCommit} and the count of refused writes, in one statement: the entered side stays closed while it is under way. */
export async function lookAtFence(client: SqlClient): Promise<FenceLook> {
  const [row] = await queryRows<FenceLook>(
    client,
    `SELECT ARRAY(SELECT problem FROM hydra_cutover.problems_since_commit() problem UNION ${REPLACED}) AS problems, ${REFUSED_SQL} AS refused
       FROM hydra_cutover.armed, hydra_cutover.refused`,
  );
  if (row === undefined) throw new Error('hydra_cutover.armed has no row');
  return row;
}

/** Has a session plan what fence, commit and opening look at: the first time takes longest, and in the pause everybody waits for it. */
export async function warmDecisions(client: SqlClient): Promise<void> {
  await client.query('SELECT hydra_cutover.guard_problems() UNION ALL SELECT hydra_cutover.capture_problems()');
}

/**
 * For people and reports. Decisions never come from here: they claim, they do not look.
 *
 * @throws CutoverFault SCHEMA_VERSION when another version of this program made it
 */
export async function readArbiter(client: SqlClient): Promise<ArbiterState> {
  const [row] = await queryRows<ArbiterState>(
    client,
    `SELECT run.side, run.nonce, run.cutover_id AS "cutoverId", ${schemaVersionSql('run')} AS "schemaVersion", run.state, run.epoch::float8 AS epoch,
            armed.last_value <> 0 AS armed,
            ${REFUSED_SQL} AS refused
       FROM hydra_cutover.run, hydra_cutover.armed, hydra_cutover.refused`,
  );
  if (row === undefined) throw new Error('hydra_cutover.run has no row');
  assertSchemaVersion(row);
  return row;
}

/** What gateways may call; see asks.sql. */
const ASKS = 'hydra_cutover_asks';

async function call<Answer>(
  client: SqlClient,
  expression: string,
  values: unknown[],
  schema = 'hydra_cutover',
): Promise<Answer> {
  const [row] = await queryRows<{ answer: Answer }>(client, `SELECT ${schema}.${expression} AS answer`, values);
  if (row === undefined) throw new Error(`${schema}.${expression} gave no row`);
  return row.answer;
}
