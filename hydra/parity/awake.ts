import { type SqlClient } from '../../domain/ports/sql-client';

/** Well below what the server lets a session be idle in a transaction. */
const SAY_MS = 60_000;

export interface AwakeClient extends SqlClient {
  /** Idempotent. */
  stop(): void;
}

/**
 * Says something in a session that has to wait in its transaction for another one, for hours perhaps, so that the server does not
 * take its worker for one that stopped.
 */
export function awake(client: SqlClient, everyMs = SAY_MS): AwakeClient {
  let running = 0;
  let tail: Promise<unknown> = Promise.resolve();
  // One after the other: a driver takes no second query while one runs.
  const query: SqlClient['query'] = (text, values) => {
    running += 1;
    const result = tail.then(() => client.query(text, values));
    tail = result.then(
      () => void (running -= 1),
      () => void (running -= 1),
    );
    return result;
  };
  const timer = setInterval(() => {
    // What is wrong with the session is told by the next query that somebody waits for.
    if (running === 0) query('SELECT 1').catch(() => undefined);
  }, everyMs);
  return { query, stop: () => clearInterval(timer) };
}
