import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { BUSY_TABLE_NAMES, BUSY_TABLES, type BusyTable, insertSql, keyOf } from './fill';

const PER_SECOND = 40;
/** Far behind every row that was filled in. */
const FIRST_NEW = 100_000_000;

export interface Stalls {
  readonly writers: number;
  readonly readers: number;
}
export type StallsByTable = Readonly<Record<BusyTable, Stalls>>;

/**
 * For each table a session that writes and one that reads, {@link PER_SECOND} times a second each, as the clients of a Hydra do. Who
 * waits does not send meanwhile: the longest single statement is the longest stall.
 */
export class Loops {
  readonly #clients: Client[] = [];
  readonly #ended = new AbortController();
  readonly #running: Promise<void>[] = [];
  #longest: Record<string, number> = {};

  static async start(dsn: string): Promise<Loops> {
    const loops = new Loops();
    for (const [at, table] of BUSY_TABLE_NAMES.entries()) {
      const [writer, reader] = [await loops.#connect(dsn), await loops.#connect(dsn)];
      const insert = `${await insertSql(writer, table)} FROM (SELECT $1::int AS n) AS one`;
      const find = `SELECT count(*) FROM ${table} WHERE ${BUSY_TABLES[table]} = (SELECT ${keyOf(table)} FROM (SELECT $1::int AS n) AS one)`;
      const first = FIRST_NEW * (at + 1);
      loops.#running.push(
        loops.#loop(`${table} writers`, (round) => writer.query(insert, [first + round])),
        loops.#loop(`${table} readers`, (round) => reader.query(find, [round % 1_000])),
      );
    }
    return loops;
  }

  /** @returns the longest stalls in milliseconds since the last call */
  take(): StallsByTable {
    const taken = {} as Record<BusyTable, Stalls>;
    for (const table of BUSY_TABLE_NAMES)
      taken[table] = { writers: this.#of(table, 'writers'), readers: this.#of(table, 'readers') };
    this.#longest = {};
    return taken;
  }

  #of(table: BusyTable, who: string): number {
    return Math.round(this.#longest[`${table} ${who}`] ?? 0);
  }

  /** @throws Error of a statement that failed */
  async stop(): Promise<void> {
    this.#ended.abort();
    try {
      await Promise.all(this.#running);
    } finally {
      for (const client of this.#clients) await client.end();
    }
  }

  async #connect(dsn: string): Promise<Client> {
    const client = new Client({ connectionString: dsn });
    await client.connect();
    this.#clients.push(client);
    return client;
  }

  async #loop(name: string, send: (round: number) => Promise<unknown>): Promise<void> {
    const { signal } = this.#ended;
    for (let round = 0; !signal.aborted; round += 1) {
      const startedAt = performance.now();
      await send(round);
      const tookMs = performance.now() - startedAt;
      this.#longest[name] = Math.max(this.#longest[name] ?? 0, tookMs);
      await sleep(Math.max(0, 1_000 / PER_SECOND - tookMs), undefined, { signal }).catch(() => undefined);
    }
  }
}
