import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createSwitchover } from '../../../activities/switchover';
import { PATIENCE, type Patience } from '../../../activities/switchover/patience';
import { realTools } from '../../../activities/switchover/real-tools';
import { type StepContext, type StepDeps } from '../../../activities/step';
import { isCutoverFault } from '../../../domain/faults';
import { type SwitchoverReceipt } from '../../../domain/receipts';
import { type SwitchoverInput } from '../../../domain/steps';
import { type SwitchoverSettings } from '../../../domain/settings';
import { type SideName } from '../../../domain/sides';
import { targetRoutes } from '../../../gateway/target';
import { createTargetStore, type FileTargetStore } from '../../../world/service/target-store';
import { guardTables, installArbiter } from '../../../hydra/arbiter';
import { installCapture } from '../../../hydra/capture';
import { TcpProxy } from '../../support/tcp-proxy';
import { startUpstream, type TestUpstream } from '../../unit/gateway/support/sockets';
import { startTestGateway, type TestGateway } from '../../unit/gateway/support/test-gateway';
import { stepContext } from '../activities/green-fixture';
import { PATIENT } from '../activities/switchover-fixture';
import {
  CUTOVER,
  type OnQuery,
  partiesAt,
  type Parties,
  type Reach,
  stepDeps,
  TARGET_STATES,
  TOKEN,
  syncRoleOf,
} from './step-deps';
import { type ServerAddress, Watcher } from './watcher';
import { until } from '../../support/until';
import { PATH } from '../../support/path';

/** `blue`, `green`, `gateway`, `target`: from the worker; `doubt`: from the gateway to blue's arbiter. */
export type LinkName = 'blue' | 'green' | 'gateway' | 'target' | 'doubt';

/** What a test changes about one scenario; everything is back to normal in the next. */
export interface Scenario {
  /** After each action of the step. What it throws ends the step there and then, as a crash does. */
  onAction?: (step: string, result: string) => void;
  /** Around every statement of the step. `call` sends it. */
  onQuery?: OnQuery;
  /** Before each repeat of the step. */
  onRepeat?: () => void;
  settings?: Partial<SwitchoverSettings>;
  patience?: Partial<Patience>;
}

/** Nothing is given up because this machine is busy, a lock that the watcher holds neither. */
export const SWITCHOVER: SwitchoverSettings = { ...PATIENT, lockTimeoutMs: 10_000 };

/** From here on it waits for nobody: what hangs shows at once, and nothing is given up sooner because this machine is busy. */
const HURRY = {
  settings: { pauseBudgetMs: 400 },
  patience: { questionMs: 400, enteredMs: 400, revertMs: 400 },
  controlMs: 400,
} as const;

/** The step with everything that it talks to, each over a network of its own that a test can break: real from end to end. */
export class FaultWorld {
  scenario: Scenario = {};
  events: string[] = [];
  isHurried = false;
  links!: Readonly<Record<LinkName, TcpProxy>>;
  blue!: Client;
  green!: Client;
  gateway!: TestGateway;
  #sides!: Readonly<Record<SideName, TestUpstream>>;
  #parties: Parties | undefined;
  #folder!: string;
  #targets: Server | undefined;
  #store!: FileTargetStore<unknown>;
  #resets = 0;
  #watchers: Watcher[] = [];

  constructor(private readonly servers: Readonly<Record<SideName, () => ServerAddress>>) {}

  /** Over an empty blue of 1.11.10 and an empty green of 2.3.0, which are each other's copy. */
  async start(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'faults-'));
    await this.connect();
    await installArbiter(this.blue, { side: 'blue', cutoverId: CUTOVER, initialState: 'open' });
    await guardTables(this.blue);
    await installCapture(PATH, this.blue);
    await installArbiter(this.green, { side: 'green', cutoverId: CUTOVER, initialState: 'closed' });
    await guardTables(this.green);
    await this.green.query(`CREATE ROLE ${syncRoleOf(this.servers.green())} LOGIN NOINHERIT`);
    const { rows } = await this.green.query('SELECT FROM networks');
    if (rows.length === 0) throw new Error('green has no network');
    const serve = (name: SideName) =>
      startUpstream((request, response) => void request.resume().on('end', () => response.end(name)));
    this.#sides = { blue: await serve('blue'), green: await serve('green') };
    const control = () => ({ host: '127.0.0.1', port: Number(new URL(this.gateway.controlUrl).port) });
    const target = () => ({ host: '127.0.0.1', port: (this.#targets?.address() as AddressInfo).port });
    this.links = {
      blue: await TcpProxy.start(this.servers.blue),
      green: await TcpProxy.start(this.servers.green),
      gateway: await TcpProxy.start(control),
      target: await TcpProxy.start(target),
      doubt: await TcpProxy.start(this.servers.blue),
    };
  }

  /** To both sides directly, for looking. */
  async connect(): Promise<void> {
    for (const side of ['blue', 'green'] as const) {
      await this[side]?.end().catch(() => undefined);
      const client = new Client({ ...this.servers[side](), application_name: 'test' });
      client.on('error', () => undefined);
      await client.connect();
      this[side] = client;
    }
  }

  /** Runs `work` as if nothing was ever begun, with a new gateway and a new target that serve blue. */
  async scene(work: () => Promise<void>): Promise<void> {
    await this.#reset();
    try {
      await work();
    } finally {
      for (const watcher of this.#watchers) await watcher.stop();
      this.#watchers = [];
      Object.values(this.links).forEach((link) => link.heal());
      await this.#closeParties();
    }
  }

  async #reset(): Promise<void> {
    this.scenario = {};
    this.events = [];
    this.isHurried = false;
    await this.connect();
    for (const client of [this.blue, this.green]) {
      await client.query(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'hydra-cutover%'`,
      );
    }
    await this.blue.query(
      `UPDATE hydra_cutover.run SET state = 'open', attempt = 0, epoch = 0, lease_until = NULL;
       DELETE FROM hydra_cutover.attempt; DELETE FROM hydra_cutover.member; SELECT setval('hydra_cutover.armed', 0)`,
    );
    await this.green.query(`UPDATE hydra_cutover.run SET state = 'closed', attempt = 0, epoch = 0`);
    await this.#startParties();
  }

  /** One run of the step. */
  run(
    context: Partial<StepContext> = {},
    decision: Pick<SwitchoverInput, 'fence' | 'decided'> = {},
  ): Promise<SwitchoverReceipt> {
    const patience = () => ({ ...PATIENCE, ...this.scenario.patience, ...(this.isHurried && HURRY.patience) });
    const tools = {
      ...realTools,
      get patience() {
        return patience();
      },
    };
    const input = { cutoverId: CUTOVER, environment: 'test', ...decision };
    return createSwitchover(tools)(this.#deps(), input, stepContext(context));
  }

  /**
   * Runs of the step until one has an answer, as Temporal repeats it. Where it asks because nobody can say within the pause whether
   * something went around blue's fence, a person has the tables carried: the watcher's own writes are refused there.
   */
  async runToTheEnd(): Promise<SwitchoverReceipt> {
    let decision: Pick<SwitchoverInput, 'fence' | 'decided'> = {};
    for (;;) {
      try {
        return await this.run({}, decision);
      } catch (error) {
        const isAsked = isCutoverFault(error) && error.code === 'FENCE_UNPROVEN';
        if (!isCutoverFault(error) || (!error.retryable && !isAsked)) throw error;
        if (isAsked) decision = { fence: 'carry', decided: 'somebody: the network is back' };
        this.events.push(`repeated: ${error.code}`);
        this.scenario.onRepeat?.();
        await sleep(200);
      }
    }
  }

  watch(): Watcher {
    const watcher = new Watcher({ blue: this.servers.blue(), green: this.servers.green() });
    this.#watchers.push(watcher);
    return watcher;
  }

  /** The gateway reaches its arbiter again, and is counted by the next fence. */
  async healDoubt(): Promise<void> {
    this.links.doubt.heal();
    const isMember = async () => ((await this.gateway.state())['member'] as { isAlive: boolean }).isAlive;
    await until('the gateway is a member', isMember, { everyMs: 10 });
  }

  /** @returns whom a write that comes now reaches; waits while it is held */
  async forwardsTo(): Promise<string> {
    for (;;) {
      const response = await fetch(new URL('/clients', this.gateway.adminUrl), {
        method: 'POST',
        headers: { connection: 'close' },
      });
      const text = await response.text();
      if (response.status === 200) return text;
      await sleep(20); // in doubt
    }
  }

  get targetServes(): unknown {
    return this.targetRecord.applied.state;
  }

  get targetRecord() {
    return this.#store.read();
  }

  /** Where a worker finds everything, over the links. */
  get reach(): Reach {
    const over = (side: SideName) => ({ ...this.servers[side](), host: '127.0.0.1', port: this.links[side].port });
    return {
      servers: { blue: over('blue'), green: over('green') },
      gatewayUrl: `http://127.0.0.1:${this.links.gateway.port}`,
      targetUrl: `http://127.0.0.1:${this.links.target.port}`,
    };
  }

  #deps(): StepDeps {
    if (this.#parties === undefined) throw new Error('a scene has not begun');
    return stepDeps(this.reach, this.#parties, {
      switchover: () => ({ ...SWITCHOVER, ...this.scenario.settings, ...(this.isHurried && HURRY.settings) }),
      onQuery: (event, call) => this.scenario.onQuery?.(event, call),
      onAction: (step, result) => {
        this.events.push(`${step}: ${result}`);
        this.scenario.onAction?.(step, result);
      },
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.blue.end(), this.green.end()]);
    for (const part of [...Object.values(this.links), ...Object.values(this.#sides)]) await part.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startParties(): Promise<void> {
    this.#resets += 1;
    const { password, ...blue } = this.servers.blue();
    const green = this.servers.green();
    const ssl = { mode: 'disable' };
    const address = { user: blue.user, ssl };
    this.gateway = await startTestGateway({
      blue: this.#sides.blue.url,
      green: this.#sides.green.url,
      environment: { GATEWAY_DOUBT_PASSWORD: password },
      config: {
        doubt: {
          kind: 'postgres',
          blue: { ...address, database: blue.database, host: '127.0.0.1', port: this.links.doubt.port },
          green: { ...address, database: green.database, host: green.host, port: green.port },
          timeoutMs: 1_000,
          retryMs: 50,
        },
      },
    });
    this.#store = await createTargetStore<unknown>({
      file: join(this.#folder, `target-${this.#resets}.json`),
      initial: TARGET_STATES.blue,
      parseState: (state) => state,
    });
    const routes = targetRoutes(this.#store, { token: TOKEN });
    const server = createServer((request, response) => void routes(request, response));
    this.#targets = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#parties = partiesAt(this.reach, () => (this.isHurried ? HURRY.controlMs : SWITCHOVER.holdDeadlineMs));
    await this.gateway.until({ mode: 'pass' });
    for (const gateway of this.#parties.gateways)
      await until(`${gateway.name} finds green ready`, async () => (await gateway.state()).ready.green, {
        everyMs: 10,
      });
  }

  async #closeParties(): Promise<void> {
    this.links.gateway.cutAll();
    this.links.target.cutAll();
    this.#targets?.closeAllConnections();
    this.#targets?.close();
    const { gateways = [], targets = [] } = this.#parties ?? {};
    for (const party of [...gateways, ...targets]) await party.close();
    if (this.#parties !== undefined) await this.gateway.close();
    this.#parties = undefined;
  }
}
