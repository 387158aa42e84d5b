import { hostname } from 'node:os';
import { type Connection, openConnection, type PostgresLogin } from '../../adapters/postgres/open-connection';
import { type FindArbiter } from '../core/arbiter-lookout';
import { VERDICTS, type DoubtQuestion, type ResolveDoubt, type Verdict } from '../core/doubt';

export interface DoubtOverPostgresOptions {
  /** The side that would be left: its arbiter decides. */
  readonly blue: PostgresLogin;
  /** Asked before a committed epoch is followed. Without it only the orchestrator's apply ends such a doubt. */
  readonly green: PostgresLogin | undefined;
  /** For each of the two questions, from the first packet to the answer. */
  readonly timeoutMs: number;
  /** Ends what is being asked. */
  readonly signal: AbortSignal;
}

const PURPOSE = 'gateway';
const CLOSE_LIMIT_MS = 500;

/**
 * No schema, no function: no cutover has prepared this database, so none can commit; or its undo took everything away before a late
 * gateway asks. That a hold began means that it was there ({@link arbiterOverPostgres}). A missing *right* is no such sign.
 * Source: PostgreSQL manual, "PostgreSQL Error Codes".
 */
const NO_ARBITER = new Set(['3F000', '42883']);

/**
 * Claims at blue's arbiter. One short session for each question, none is kept.
 *
 * A database that is away, or that answers anything unexpected, rejects: the gateway takes that for `unknown` and asks again.
 */
export function doubtOverPostgres(options: DoubtOverPostgresOptions): ResolveDoubt {
  return async (question) => {
    const verdict = await claim(options, question);
    if (verdict !== 'committed' || question.epoch === null) return verdict;
    return (await greenServes(options, question.epoch)) ? 'committed' : 'unknown';
  };
}

/** Looks, and claims nothing: before a hold, whether blue's database is the one with the arbiter. */
export function arbiterOverPostgres(options: DoubtOverPostgresOptions): FindArbiter {
  return async () => {
    try {
      await ask(options.blue, options, 'SELECT hydra_cutover.serves(0::bigint) AS answer', []);
      return true;
    } catch (error) {
      if (hasSqlState(error, NO_ARBITER)) return false;
      throw error;
    }
  };
}

async function claim(options: DoubtOverPostgresOptions, question: DoubtQuestion): Promise<Verdict> {
  const { reason, epoch, appliedEpoch } = question;
  const by = `gateway ${hostname()} ${process.pid}, ${reason}`;
  try {
    const answer = await ask(
      options.blue,
      options,
      'SELECT hydra_cutover.claim_epoch($1::bigint, $2::bigint, $3::text) AS answer',
      [epoch, appliedEpoch, by],
    );
    return VERDICTS.find((known) => known === answer) ?? 'unknown';
  } catch (error) {
    if (hasSqlState(error, NO_ARBITER)) return 'aborted';
    throw error;
  }
}

async function greenServes(options: DoubtOverPostgresOptions, epoch: number): Promise<boolean> {
  if (options.green === undefined) return false;
  const sql = 'SELECT hydra_cutover.serves($1::bigint) AS answer';
  return (await ask(options.green, options, sql, [epoch])) === true;
}

/** One row with one column. The server is given the same limit as the connection, so that it stops working for us too. */
async function ask(
  login: PostgresLogin,
  { timeoutMs, signal }: DoubtOverPostgresOptions,
  sql: string,
  values: unknown[],
): Promise<unknown> {
  const ending = new AbortController();
  const end = () => ending.abort(new Error(`no answer within ${timeoutMs} ms, or this gateway is shutting down`));
  const timer = setTimeout(end, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  let connection: Connection | undefined;
  try {
    connection = await openConnection(login, { purpose: PURPOSE, connectTimeoutMs: timeoutMs, signal: ending.signal });
    await connection.client.query(`SET statement_timeout = ${timeoutMs}`);
    const { rows } = await connection.client.query<{ answer: unknown }>(sql, values);
    return rows[0]?.answer;
  } finally {
    await connection?.close(CLOSE_LIMIT_MS);
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

function hasSqlState(error: unknown, states: ReadonlySet<string>): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && states.has(String(error.code));
}
