import { type Client } from 'pg';
import { type SqlClient } from '../../domain/ports/sql-client';

/** A worker that stops behind the first query that `sql` matches: it stays connected and says nothing any more. */
export interface SilentWorker extends SqlClient {
  /** When the server has answered that query, and the worker is silent. */
  readonly silent: Promise<void>;
  /** Of the connection, when the test has seen enough. */
  end(): Promise<void>;
}

export function silentAfter(client: Client, sql: RegExp): SilentWorker {
  // The server ends its session sooner or later.
  client.on('error', () => undefined);
  let tell: () => void = () => undefined;
  const silent = new Promise<void>((resolve) => (tell = resolve));
  return {
    silent,
    end: () => client.end(),
    async query(text, values) {
      const result = await client.query<Record<string, unknown>>(text, values);
      if (!sql.test(text)) return result;
      tell();
      return new Promise(() => undefined);
    },
  };
}

/** A worker that stops before the first query that `sql` matches, and goes on when it is woken. */
export interface FrozenWorker extends SqlClient {
  readonly isFrozen: Promise<void>;
  wake(): void;
}

export function frozenBefore(client: Client, sql: RegExp): FrozenWorker {
  // The server may end its session meanwhile.
  client.on('error', () => undefined);
  let tell: () => void = () => undefined;
  let wake: () => void = () => undefined;
  const isFrozen = new Promise<void>((resolve) => (tell = resolve));
  const woken = new Promise<void>((resolve) => (wake = resolve));
  return {
    isFrozen,
    wake: () => wake(),
    async query(text, values) {
      if (sql.test(text)) {
        tell();
        await woken;
      }
      return client.query<Record<string, unknown>>(text, values);
    },
  };
}
