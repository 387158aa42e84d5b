import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type SideName } from '../../../domain/sides';
import { until } from '../../support/until';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

interface ConfirmedWrite {
  readonly id: string;
  readonly sentAt: number;
  readonly confirmedAt: number;
}

const PAUSE_MS = 10;
const INSERT: Readonly<Record<SideName, string>> = {
  blue: `INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at) VALUES ('$id', now() + interval '1 day')`,
  green: `INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at, nid)
          SELECT '$id', now() + interval '1 day', id FROM networks LIMIT 1`,
};

/** Tries to write on both sides all the time, past everything but the databases themselves, and remembers what was confirmed. */
export class Watcher {
  readonly confirmed: Record<SideName, ConfirmedWrite[]> = { blue: [], green: [] };
  /** What green held in the transaction of its first write. */
  #onGreen: ReadonlySet<string> | undefined;
  readonly #prefix = `watched-${randomBytes(4).toString('hex')}-`;
  readonly #loops: Promise<void>[];
  #isOver = false;
  #next = 0;

  constructor(addresses: Readonly<Record<SideName, ServerAddress>>) {
    this.#loops = [this.#watch('blue', addresses.blue), this.#watch('green', addresses.green)];
  }

  /** Resolves when `side` confirms a write that is sent after the call. */
  async writes(side: SideName): Promise<void> {
    const now = performance.now();
    await until(`a write on ${side} is confirmed`, () => this.confirmed[side].some(({ sentAt }) => sentAt > now), {
      everyMs: PAUSE_MS,
    });
  }

  ids(side: SideName): readonly string[] {
    return this.confirmed[side].map(({ id }) => id);
  }

  /**
   * @returns what was wrong: writes that blue took after green took one, and writes that blue confirmed and green did not have when
   *   it took its first
   */
  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    const { blue, green } = this.confirmed;
    const first = green[0];
    if (first === undefined) return [];
    const problems = blue.flatMap(({ id, sentAt }) =>
      sentAt > first.confirmedAt ? [`blue took ${id} after green took ${first.id}`] : [],
    );
    const missing = blue.flatMap(({ id }) => (this.#onGreen?.has(id) === true ? [] : [`${id} is not on green`]));
    return [...problems, ...missing];
  }

  async #watch(side: SideName, address: ServerAddress): Promise<void> {
    let client: Client | undefined;
    while (!this.#isOver) {
      try {
        client ??= await connected(address);
        await this.#write(side, client);
      } catch (error) {
        if (isLost(error)) {
          await client?.end().catch(() => undefined);
          client = undefined;
        }
      }
      await sleep(PAUSE_MS);
    }
    await client?.end().catch(() => undefined);
  }

  async #write(side: SideName, client: Client): Promise<void> {
    this.#next += 1;
    const id = `${this.#prefix}${this.#next}`;
    const sentAt = performance.now();
    // As one transaction.
    const look = `SELECT signature FROM hydra_oauth2_jti_blacklist WHERE signature LIKE '${this.#prefix}%'`;
    const sql = `SET statement_timeout = '2s'; SET synchronous_commit = on; ${INSERT[side].replace('$id', id)}; ${look}`;
    const results = (await client.query(sql)) as unknown as { rows: { signature: string }[] }[];
    if (side === 'green') this.#onGreen ??= new Set(results.at(-1)?.rows.map(({ signature }) => signature));
    this.confirmed[side].push({ id, sentAt, confirmedAt: performance.now() });
  }
}

async function connected(address: ServerAddress): Promise<Client> {
  const client = new Client({ ...address, application_name: 'watcher' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Anything but a refusal of the server in a session that goes on. */
function isLost(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return !/^(HC00.|57014|55P03|40...)$/.test(code);
}
