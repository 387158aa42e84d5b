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
    private readonly kinds: readonly string[],
  ) {}

  /** Waits until there is a plan. Holds the first act that is not done. */
  static async hold(upgrade: UpgradeWorld): Promise<HeldActs> {
    for (;;) {
      const held = await HeldActs.tryHold(upgrade);
      if (held !== undefined) return held;
      await sleep(POLL_MS);
    }
  }

  /** @param done kinds of acts that are let be */
  private static async tryHold(upgrade: UpgradeWorld, done: readonly string[] = []): Promise<HeldActs | undefined> {
    const session = await connect(upgrade);
    const { rows: known } = await session.query<{ there: boolean }>(
      `SELECT to_regclass('${ACT}') IS NOT NULL AS there`,
    );
    if (known[0]?.there === true) {
      await session.query('BEGIN');
      // Without a parameter: a portal would keep its snapshot, for which every build of an index waits.
      const kinds = done.map((kind) => `'${kind}'`).join(', ');
      // Without a parameter: a portal would keep its snapshot, for which every build of an index waits.
      const { rows } = await session.query<{ number: number; kind: string }>(
        `SELECT number, plan->'acts'->number->>'kind' AS kind FROM ${ACT}, hydra_cutover_in_place.run WHERE done_at IS NULL
           ${done.length === 0 ? '' : `AND plan->'acts'->number->>'kind' NOT IN (${kinds})`} ORDER BY number LIMIT 1 FOR UPDATE OF act`,
      );
      if (rows[0] !== undefined) return new HeldActs(upgrade, session, [...done, rows[0].kind]);
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

  /**
   * Of a worker that was killed: the server's side of it ends without the note. Holds the first act of a kind that was not held yet.
   *
   * @returns undefined behind the last one
   */
  async next(): Promise<HeldActs | undefined> {
    for (const pid of await this.waiting()) await this.upgrade.onBlue(`SELECT pg_terminate_backend(${pid})`);
    while ((await this.waiting()).length > 0) await sleep(POLL_MS);
    const behind = await HeldActs.tryHold(this.upgrade, this.kinds);
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
