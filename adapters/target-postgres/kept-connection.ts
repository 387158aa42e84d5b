import { type QueryResult, type QueryResultRow } from 'pg';
import { isSessionLost } from '../postgres/connection-problem';
import { type Connection, openConnection, type PostgresLogin } from '../postgres/open-connection';

/** Longer than the time between two calls of a switchover: nothing connects while requests are held. */
const KEEP_MS = 30_000;
const CLOSE_LIMIT_MS = 500;

/** One session that is opened when it is needed and given back when it was idle for a while. Statements run one at a time. */
export class KeptConnection {
  #open: Promise<Connection> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly login: PostgresLogin,
    private readonly purpose: string,
    /** For connecting, and for each statement. */
    private readonly timeoutMs: number,
  ) {}

  /**
   * Sends a statement that takes repeats: once more when the session turns out to be gone.
   * @throws the driver's own errors
   */
  query<Row extends QueryResultRow>(sql: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    const result = this.#tail.then(() =>
      this.#try<Row>(sql, values).catch((error: unknown) => {
        if (!isSessionLost(error)) throw error;
        return this.#try<Row>(sql, values);
      }),
    );
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Behind the statements that were sent. Idempotent; a later statement opens a new session. */
  close(): Promise<void> {
    const closed = this.#tail.then(async () => {
      clearTimeout(this.#idle);
      const open = this.#open;
      this.#open = undefined;
      await (await open?.catch(() => undefined))?.close(CLOSE_LIMIT_MS);
    });
    this.#tail = closed;
    return closed;
  }

  async #try<Row extends QueryResultRow>(sql: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    clearTimeout(this.#idle);
    const opening = (this.#open ??= this.#connect());
    let destroy = (): void => undefined;
    let limit: NodeJS.Timeout | undefined;
    try {
      const connection = await opening;
      destroy = () => connection.destroy();
      // The server ends the statement; a server that is not there any more cannot.
      limit = setTimeout(destroy, this.timeoutMs + CLOSE_LIMIT_MS);
      const result = await connection.client.query<Row>(sql, [...values]);
      this.#idle = setTimeout(() => void this.close(), KEEP_MS).unref();
      return result;
    } catch (error) {
      // Whatever state it is in: the next statement begins anew.
      if (this.#open === opening) this.#open = undefined;
      destroy();
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  async #connect(): Promise<Connection> {
    const { purpose, timeoutMs } = this;
    const connection = await openConnection(this.login, {
      purpose,
      connectTimeoutMs: timeoutMs,
      // The table of a target is named as its owner names it.
      keepsSearchPath: true,
    });
    try {
      // What is answered must survive a crash of the server, whatever its own default is.
      const settings = `synchronous_commit = on; SET lock_timeout = ${timeoutMs}; SET statement_timeout = ${timeoutMs}`;
      await connection.client.query(`SET ${settings}`);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }
}
