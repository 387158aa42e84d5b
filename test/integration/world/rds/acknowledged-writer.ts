import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type DBInstance } from '@aws-sdk/client-rds';
import { MASTER_PASSWORD } from './endpoint-fixture';

/**
 * Inserts one row after another and remembers when each was acknowledged, as an application would experience it.
 */
export class AcknowledgedWriter {
  readonly #client: Client;
  readonly #acknowledged: { readonly id: number; readonly at: number }[] = [];
  #longestStallMs = 0;
  #running: Promise<void> = Promise.resolve();
  #stop = false;

  constructor(instance: DBInstance) {
    this.#client = new Client({
      host: instance.Endpoint?.Address,
      port: instance.Endpoint?.Port,
      user: 'master',
      password: MASTER_PASSWORD,
      database: 'hydra',
    });
    this.#client.on('error', () => undefined);
  }

  async start(): Promise<void> {
    await this.#client.connect();
    await this.#client.query('CREATE TABLE IF NOT EXISTS acknowledged (id bigint PRIMARY KEY, filler text)');
    this.#running = this.#write();
  }

  /** Rows that were acknowledged before this moment. */
  idsBefore(time: Date): number[] {
    return this.#acknowledged.filter((row) => row.at < time.getTime()).map((row) => row.id);
  }

  /** Waits until so many rows were acknowledged. */
  async hasWritten(rows: number): Promise<void> {
    while (this.#acknowledged.length < rows) await Promise.race([sleep(5), this.#running]);
  }

  /** @returns the longest time between two acknowledgements since the last call */
  takeLongestStallMs(): number {
    const longest = this.#longestStallMs;
    this.#longestStallMs = 0;
    return longest;
  }

  async stop(): Promise<void> {
    this.#stop = true;
    await this.#running;
    await this.#client.end();
  }

  async #write(): Promise<void> {
    let last = Date.now();
    for (let id = 1; !this.#stop; id += 1) {
      await this.#client.query('INSERT INTO acknowledged VALUES ($1, repeat($2, 20))', [id, `row ${id} `]);
      const at = Date.now();
      this.#acknowledged.push({ id, at });
      this.#longestStallMs = Math.max(this.#longestStallMs, at - last);
      last = at;
    }
  }
}
