import { z } from 'zod';
import { type Connection, openConnection, type PostgresLogin } from '../../adapters/postgres/open-connection';
import { EPOCH_MAX } from '../../domain/target';

export interface QuestionLimits {
  /** From the first packet to the answer; the server is given the same, so that it stops working for us too. */
  readonly timeoutMs: number;
  /** Ends what is being asked. */
  readonly signal: AbortSignal;
}

const PURPOSE = 'gateway';
const CLOSE_LIMIT_MS = 500;

/** No such schema. A schema without the function is an arbiter of another version, and no sign that there is none. */
const NO_SCHEMA = '3F000';

/** Source: PostgreSQL manual, "PostgreSQL Error Codes". */
export function isWithoutArbiter(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === NO_SCHEMA;
}

/**
 * One call of a function of the arbiter in a short session of its own.
 *
 * @param expression of schema hydra_cutover_asks, with `$1` and so on
 * @throws PostgreSQL's errors; {@link isWithoutArbiter} tells a database in which there is no arbiter at all
 */
export async function askArbiter(
  login: PostgresLogin,
  { timeoutMs, signal }: QuestionLimits,
  expression: string,
  values: unknown[] = [],
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
    const sql = `SELECT hydra_cutover_asks.${expression} AS answer`;
    const { rows } = await connection.client.query<{ answer: unknown }>(sql, values);
    return rows[0]?.answer;
  } finally {
    await connection?.close(CLOSE_LIMIT_MS);
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

const epoch = z.int().min(1).max(EPOCH_MAX).nullable();
const outcome = z.object({
  side: z.enum(['blue', 'green']),
  serves: epoch,
  committed: epoch,
  living: epoch,
  finalized: z.boolean(),
});

/** How things stand at one arbiter, see `hydra_cutover.outcome()`. */
export type SeenOutcome = z.output<typeof outcome>;

/** @returns 'none' for a database that answers and has no arbiter */
export async function askOutcome(login: PostgresLogin, limits: QuestionLimits): Promise<SeenOutcome | 'none'> {
  try {
    return outcome.parse(await askArbiter(login, limits, 'outcome()'));
  } catch (error) {
    if (isWithoutArbiter(error)) return 'none';
    throw error;
  }
}
