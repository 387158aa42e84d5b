import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../../config/load';
import { Client } from 'pg';
import { type UpgradeWorld } from '../upgrade-world';

const POLL_MS = 60;
const ACT = 'hydra_cutover_in_place.act';

/** Keeps the worker from noting one act as done: what the act does is done by then. */
export class HeldActs {
  private constructor(
    private readonly upgrade: UpgradeWorld,
    private readonly session: Client,
    private readonly number: number,
  ) {}

  /** Waits until there is a plan. @param from the first act that is not done, from this number on */
  static async hold(upgrade: UpgradeWorld, from: number): Promise<HeldActs> {
    for (;;) {
      const held = await HeldActs.tryHold(upgrade, from);
      if (held !== undefined) return held;
      await sleep(POLL_MS);
    }
  }

  private static async tryHold(upgrade: UpgradeWorld, from: number): Promise<HeldActs | undefined> {
    const session = await connect(upgrade);
    const { rows: known } = await session.query<{ there: boolean }>(
      `SELECT to_regclass('${ACT}') IS NOT NULL AS there`,
    );
    if (known[0]?.there === true) {
      await session.query('BEGIN');
      const { rows } = await session.query<{ number: number }>(
        `SELECT number FROM ${ACT} WHERE done_at IS NULL AND number >= $1 ORDER BY number LIMIT 1 FOR UPDATE`,
        [from],
      );
      if (rows[0] !== undefined) return new HeldActs(upgrade, session, rows[0].number);
    }
    await session.end();
    return undefined;
  }

  /** Whether the worker has done the act and waits to note it. */
  async isReached(): Promise<boolean> {
    return (await this.waiting()).length > 0;
  }

  async reached(): Promise<void> {
    while (!(await this.isReached())) await sleep(POLL_MS);
  }

  /** Of a worker that was killed: the server's side of it ends without the note. @returns undefined behind the last act */
  async next(): Promise<HeldActs | undefined> {
    for (const pid of await this.waiting()) await this.upgrade.onBlue(`SELECT pg_terminate_backend(${pid})`);
    while ((await this.waiting()).length > 0) await sleep(POLL_MS);
    const behind = await HeldActs.tryHold(this.upgrade, this.number + 1);
    await this.release();
    return behind;
  }

  async release(): Promise<void> {
    await this.session.query('ROLLBACK');
    await this.session.end();
  }

  private async waiting(): Promise<readonly number[]> {
    const rows = await this.upgrade.onBlue<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE ${ACT} %'`,
    );
    return rows.map(({ pid }) => pid);
  }
}

/** As the worker: nobody else may lock its rows. */
async function connect({ world }: UpgradeWorld): Promise<Client> {
  const { configFile, env } = world.info.cutover;
  const { blue } = loadConfig({ file: configFile, env: { ...env } });
  const { host = '', port, name: database, user, password } = blue.database;
  const { ca } = blue.database.ssl;
  const client = new Client({ host, port, database, user, password: password?.reveal() ?? '', ssl: { ca: ca ?? '' } });
  await client.connect();
  return client;
}
