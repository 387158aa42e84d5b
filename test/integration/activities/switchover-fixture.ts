import { Client } from 'pg';
import { abandonSwitchover } from '../../../activities/abandon-switchover';
import { type StepContext, type StepDeps } from '../../../activities/step';
import { switchover } from '../../../activities/switchover';
import { orderedQuery } from '../../support/ordered-query';
import { type Databases, type SessionOptions } from '../../../domain/ports/databases';
import { type SwitchoverReceipt } from '../../../domain/receipts';
import { type SwitchoverSettings } from '../../../domain/settings';
import { type Direction, FORWARD, type SideName } from '../../../domain/sides';
import { installPreparation } from '../../../hydra/closing';
import { type TestDatabase } from '../../support/database';
import { SOON, until } from '../../support/until';
import { initialTargetRecord } from '../../../domain/target';
import { SyncWorld } from '../hydra/sync/sync-world';
import { SETTINGS, stepContext } from './green-fixture';
import { FakeTarget, LocalGateway, type PartyHooks } from './switchover-parties';

type Config = TestDatabase['config'];
type Query = Awaited<ReturnType<Parameters<Parameters<Databases['withSession']>[1]>[0]['query']>>;

export interface QueryEvent {
  readonly side: SideName;
  readonly purpose: string;
  readonly text: string;
}

/** What a test changes about one scenario; everything is back to normal in the next. */
export interface Scenario {
  /** Around every statement of the step. `call` sends it. */
  onQuery?: (event: QueryEvent, call: () => Promise<Query>) => Promise<Query>;
  /** After each action of the step, by its name; what it throws ends the step there and then, as a crash does. */
  onAction?: (step: string, result: string) => void;
  settings?: Partial<SwitchoverSettings>;
  hooks?: PartyHooks;
}

/** No limit is met because this machine is busy; a test that wants one met sets it. Only a lock is given up soon. */
export const PATIENT: SwitchoverSettings = {
  ...SETTINGS.switchover,
  pauseBudgetMs: 120_000,
  holdDeadlineMs: 180_000,
  leaseMarginMs: 500,
  roundMsMax: 60_000,
  lockTimeoutMs: 100,
};

/** Blue and green on real servers, with the controllers of two gateways, and two targets that only remember what they were told. */
export class SwitchoverWorld {
  readonly sync: SyncWorld;
  /** Everything in order: calls to gateways and targets, statements of arbiters, actions. */
  events: string[] = [];
  gateways: LocalGateway[] = [];
  targets: FakeTarget[] = [];
  scenario: Scenario = {};
  /** Of what `run` does: which of the two databases is reached by which name. */
  private direction: Direction = FORWARD;
  private readonly closing = new AbortController();
  blue!: Client;
  green!: Client;

  constructor(private readonly config: Config) {
    this.sync = new SyncWorld(config);
  }

  async start(fill: (blue: Client) => Promise<void>): Promise<void> {
    await this.sync.capture();
    await fill(await this.sync.connect('blue'));
    await this.sync.snapshot();
    this.blue = await this.sync.connect('blue');
    this.green = await this.sync.connect('green');
    await installPreparation(this.green);
  }

  /** As if nothing was ever begun, and the database that is left had always had the name that `direction` says. */
  async reset(direction: Direction = FORWARD): Promise<void> {
    this.direction = direction;
    this.scenario = {};
    this.events = [];
    const hooks: PartyHooks = {
      before: (call) => this.scenario.hooks?.before?.(call),
      after: (call) => this.scenario.hooks?.after?.(call),
    };
    const record = (event: string) => this.events.push(event);
    this.stopGateways();
    const doubt = { ...this.whomToAsk(), timeoutMs: 30_000, signal: this.closing.signal };
    this.gateways = ['edge-1', 'edge-2'].map((name) => new LocalGateway({ name, note: record, hooks, doubt }));
    this.targets = ['policy', 'resource'].map((name) => new FakeTarget(name, record, hooks));
    for (const target of this.targets) target.record = initialTargetRecord(direction.from);
    await this.forgetOnBlue();
    await this.green.query(
      `UPDATE hydra_cutover.run SET side = '${direction.to}', state = 'closed', attempt = 0, epoch = 0; UPDATE hydra_cutover.preparation SET begun_epoch = NULL, begun_tokens = '{}'`,
    );
  }

  /** Blue's arbiter as it was before the first attempt: what a blue says that was restored from a snapshot of then. */
  async forgetOnBlue(): Promise<void> {
    await this.blue.query(
      `UPDATE hydra_cutover.run SET side = '${this.direction.from}', state = 'open', attempt = 0, epoch = 0, lease_until = NULL;
       DELETE FROM hydra_cutover.attempt; DELETE FROM hydra_cutover.member; DELETE FROM hydra_cutover.finalized;
       SELECT setval('hydra_cutover.armed', 0);
       DROP TABLE IF EXISTS hydra_cutover.beginning`,
    );
  }

  get input() {
    return { cutoverId: this.sync.cutoverId, environment: 'test' };
  }

  run(context: Partial<StepContext> = {}): Promise<SwitchoverReceipt> {
    return switchover(this.deps(), this.input, stepContext(context));
  }

  /** Runs with a pause budget that is as short as this machine lets the attempt come to where the scenario keeps it. */
  async runOutOfBudget(scenario: () => Scenario, isReached: () => boolean): Promise<SwitchoverReceipt> {
    for (let pauseBudgetMs = 2_000; ; pauseBudgetMs *= 2) {
      this.scenario = { ...scenario(), settings: { pauseBudgetMs } };
      const receipt = await this.run();
      if (isReached()) return receipt;
    }
  }

  /** Until a session of this side waits for the lock of its arbiter. */
  async hasWaiter(side: SideName): Promise<void> {
    const client = side === 'blue' ? this.blue : this.green;
    const sql = `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
                  WHERE relation = 'hydra_cutover_barrier.barrier'::regclass AND NOT granted AND d.datname = current_database()`;
    await until(
      `a session of ${side} waits for its arbiter`,
      async () => (await client.query(sql)).rows.length > 0,
      SOON,
    );
  }

  /** As if the lease of every attempt had been as long as until now. */
  async endLeases(): Promise<void> {
    await this.blue.query(
      `UPDATE hydra_cutover.attempt SET lease_until = clock_timestamp();
       UPDATE hydra_cutover.run SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL`,
    );
  }

  abandon() {
    return abandonSwitchover(this.deps(), this.input, stepContext());
  }

  deps(changes: Partial<StepDeps> = {}): StepDeps {
    const silent = () => undefined;
    const info = (fields: object) => {
      if (!('step' in fields && 'result' in fields)) return;
      const { step, result } = fields;
      this.events.push(`${String(step)}: ${String(result)}`);
      this.scenario.onAction?.(String(step), String(result));
    };
    return {
      settings: {
        ...SETTINGS,
        hydraVersion: this.byName(SETTINGS.hydraVersion.blue, SETTINGS.hydraVersion.green),
        green: { ...SETTINGS.green, syncRole: this.sync.syncRole },
        switchover: { ...PATIENT, ...this.scenario.settings },
      },
      direction: this.direction,
      databases: this.databases(),
      gateways: this.gateways,
      targets: this.targets,
      jobs: [],
      log: { debug: silent, info, warn: silent, error: silent },
      ...changes,
    } as unknown as StepDeps;
  }

  databases(): Databases {
    return {
      withSession: async (side, work, options: SessionOptions = {}) => {
        const { signal, login, purpose = '', isPipelined = false } = options;
        signal?.throwIfAborted();
        const database = side === this.direction.from ? this.config.database : this.sync.green;
        const client = new Client({ ...this.config, database, ...login, pipeline: isPipelined });
        client.on('error', () => undefined);
        await client.connect();
        const cut = () => void client.end();
        signal?.addEventListener('abort', cut, { once: true });
        try {
          const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          const ask = (text: string, values?: unknown[]): Promise<Query> => client.query(text, values);
          const query = orderedQuery(ask, (text, call) => this.scenario.onQuery?.({ side, purpose, text }, call));
          return await work({ query, isPipelined, backendPid: rows[0]?.pid ?? 0 });
        } finally {
          signal?.removeEventListener('abort', cut);
          await client.end();
        }
      },
      address: () => Promise.reject(new Error('not asked for')),
    };
  }

  /** Which side takes writes, by trying; and whom everybody serves. */
  async whoServes(): Promise<{ writes: string; parties: readonly string[]; held: boolean }> {
    const takes = async (client: Client): Promise<boolean> => {
      try {
        await client.query('UPDATE hydra_client SET client_name = client_name');
        return true;
      } catch {
        return false;
      }
    };
    const { from, to } = this.direction;
    const writes = [(await takes(this.blue)) ? from : '', (await takes(this.green)) ? to : ''];
    const parties = [...this.gateways, ...this.targets].map(({ record }) => record.applied.state);
    return {
      writes: writes.filter((side) => side !== '').join(' and '),
      parties: [...new Set(parties)],
      held: this.gateways.some(({ heldEpoch }) => heldEpoch !== null),
    };
  }

  /** What is in `events` before the first that begins with `event`. */
  before(event: string): readonly string[] {
    const at = this.events.findIndex((each) => each.startsWith(event));
    if (at < 0) throw new Error(`${event} never happened: ${this.events.join(' | ')}`);
    return this.events.slice(0, at);
  }

  async close(): Promise<void> {
    this.stopGateways();
    this.closing.abort();
    await this.sync.close();
  }

  private byName<T>(left: T, entered: T): Record<SideName, T> {
    const { from, to } = this.direction;
    return { [from]: left, [to]: entered } as Record<SideName, T>;
  }

  private stopGateways(): void {
    for (const gateway of this.gateways) gateway.stop();
  }

  private whomToAsk() {
    const { host, port, user, password } = this.config;
    const login = (database: string) => ({
      host,
      port,
      user,
      database,
      password: () => password,
      ssl: { mode: 'disable' as const },
    });
    return { direction: this.direction, from: login(this.config.database), to: login(this.sync.green) };
  }
}

export const BLUE = { writes: 'blue', parties: ['blue'], held: false };
export const GREEN = { writes: 'green', parties: ['green'], held: false };
