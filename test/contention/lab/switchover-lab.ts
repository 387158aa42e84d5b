import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { switchover } from '../../../activities/switchover';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { HttpTarget } from '../../../adapters/target-http/http-target';
import { type StepDeps } from '../../../activities/step';
import { type SwitchoverReceipt } from '../../../domain/receipts';
import { type SwitchoverSettings } from '../../../domain/settings';
import { targetRoutes } from '../../../gateway/target';
import { createTargetStore } from '../../../world/service/target-store';
import { hydraDsn } from '../../../world/hydra';
import { OauthHttp, type RequestSample } from '../../../world/oauth';
import { startHydra, type TestHydra } from '../../support/hydra';
import { TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';
import { GatewayHome, type GatewayProcess } from '../../unit/gateway/support/gateway-process';
import { TEST_TOKEN } from '../../unit/gateway/support/test-gateway';
import { stepContext } from '../../integration/activities/green-fixture';
import { stepDeps, TARGET_STATES } from '../../integration/faults/step-deps';
import { type Door } from '../traffic/grant-requests';
import { NO_LOGIN_APP, PreparedPair } from './prepared-pair';

const GATEWAYS = ['edge-1', 'edge-2'] as const;
/** Both Hydras'. Its host is that of the gateways, so that a browser keeps its cookies; nobody listens there. */
export const ISSUER = 'https://127.0.0.1:9/';
const CONTROL_TIMEOUT_MS = 30_000;
const ROUND_TRIPS = 50;
/** Connections of each Hydra: more than there are clients who race. */
const POOL = 60;

export interface LabOptions {
  readonly settings: SwitchoverSettings;
  /** Of each gateway, over what a test gateway has. */
  readonly gatewayConfig?: Readonly<Record<string, object | string | number>>;
  /** A file descriptor for what the gateways log. */
  readonly gatewayOutput?: number;
  /** After that a door's request has no answer. @default 15_000 */
  readonly clientTimeoutMs?: number;
  /** Hears of every request through a door. */
  readonly onRequest?: (sample: RequestSample) => void;
}

/** One pair of databases, from before its switchover until after it. */
export interface LabRound {
  readonly doors: readonly Door[];
  /** Public and admin URL of each gateway, for other processes. */
  readonly gateways: readonly GatewayProcess[];
  /** The step as the worker runs it, until it has committed. @returns the receipts of all attempts, the last one committed */
  switchover(): Promise<readonly SwitchoverReceipt[]>;
  /** What the Hydras logged so far about requests that they could not answer, the first few of each. */
  complaints(): readonly string[];
}

interface Address {
  readonly host: string;
  readonly port: number;
}
type LinkName = 'blue' | 'green' | 'target' | (typeof GATEWAYS)[number];

/**
 * Real parts for one switchover after the other: two databases, two Hydras and two gateways that are new in each round, the latter four
 * processes of their own. No Hydra is kept, because none in production lives on when its database goes away under it. What the worker reaches, it can be made to reach over links with a delay.
 */
export class SwitchoverLab {
  #hydras: readonly TestHydra[] = [];
  #links!: Readonly<Record<LinkName, TcpProxy>>;
  #gateways: readonly GatewayProcess[] = [];
  #hasLinks = false;
  #target: Server | undefined;
  #folder!: string;

  private constructor(
    readonly pair: PreparedPair,
    private readonly options: LabOptions,
  ) {}

  static async start(options: LabOptions): Promise<SwitchoverLab> {
    const lab = new SwitchoverLab(await PreparedPair.make(), options);
    try {
      await lab.#open();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async #open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'switchover-lab-'));
    const link = (name: LinkName) => TcpProxy.start(() => this.#end(name));
    this.#links = {
      blue: await link('blue'),
      green: await link('green'),
      target: await link('target'),
      'edge-1': await link('edge-1'),
      'edge-2': await link('edge-2'),
    };
  }

  #startHydra(side: 'blue' | 'green', version: '1.11.10' | '2.3.0'): Promise<TestHydra> {
    const database = this.pair.addressOf(side);
    const { host, port, user: role, password } = database;
    // A token request of Hydra holds one connection and asks for a second: as many at once as there are connections wait for ever.
    const extra = { DSN: hydraDsn(host, port, { role, password, database: database.database }, POOL) };
    return startHydra({ version, database, loginAppUrl: NO_LOGIN_APP, issuer: ISSUER, extra });
  }

  /**
   * In the rounds from now on the worker reaches everybody over links: what it is told arrives so many milliseconds later than it was
   * said. `null`, as at the start: without links, which are work of the worker's own process and would be measured as the worker's.
   */
  lag(roundTripMs: number | null): void {
    this.#hasLinks = roundTripMs !== null;
    for (const link of Object.values(this.#links)) link.lag(roundTripMs ?? 0);
  }

  /** @returns what a question to blue's database takes as the worker asks it, the median of many, in milliseconds */
  async roundTripMs(): Promise<number> {
    const client = new Client({ ...this.pair.addressOf('blue'), ...this.#reach('blue') });
    await client.connect();
    const times: number[] = [];
    while (times.length < ROUND_TRIPS) {
      const asked = performance.now();
      await client.query('SELECT 1');
      times.push(performance.now() - asked);
    }
    await client.end();
    return times.sort((one, other) => one - other)[ROUND_TRIPS / 2] ?? NaN;
  }

  /** Where a party itself is. */
  #end(name: LinkName): Address {
    if (name === 'blue' || name === 'green') return this.pair.addressOf(name);
    if (name === 'target') return { host: '127.0.0.1', port: (this.#target?.address() as AddressInfo).port };
    return addressOf(this.#gateways[GATEWAYS.indexOf(name)]?.controlUrl);
  }

  /** Where the worker finds it. */
  #reach(name: LinkName): Address {
    const { host, port } = this.#hasLinks ? { host: '127.0.0.1', port: this.#links[name].port } : this.#end(name);
    return { host, port };
  }

  /** Does `work` with databases, gateways and a target that know nothing of what was before. */
  async round<T>(work: (round: LabRound) => Promise<T>): Promise<T> {
    const { onRequest, clientTimeoutMs: timeoutMs } = this.options;
    await this.pair.renew();
    const homes = await Promise.all(GATEWAYS.map(() => GatewayHome.create(undefined, this.options.gatewayOutput)));
    const closing: (() => Promise<unknown>)[] = [() => Promise.all(homes.map((home) => home.close()))];
    try {
      const starting = [this.#startHydra('blue', '1.11.10'), this.#startHydra('green', '2.3.0')];
      closing.push(async () => {
        for (const started of await Promise.allSettled(starting))
          if (started.status === 'fulfilled') await started.value.stop();
      });
      this.#hydras = await Promise.all(starting);
      const gateways = await Promise.all(homes.map((home) => home.start(this.#gatewayOptions())));
      this.#gateways = gateways;
      const parties = await this.#startParties();
      closing.push(parties.close);
      const doors = gateways.map(({ publicUrl, adminUrl }, index) => ({
        name: GATEWAYS[index] ?? '',
        http: new OauthHttp(
          { publicUrl, adminUrl, adminPrefix: '', issuer: ISSUER },
          { connections: 128, ...(timeoutMs && { timeoutMs }), ...(onRequest && { onRequest }) },
        ),
      }));
      closing.push(() => Promise.all(doors.map(({ http }) => http.close())));
      await Promise.all(gateways.map((gateway) => untilServing(gateway)));
      const complaints = () => this.#hydras.flatMap((hydra) => hydra.complaints());
      return await work({ doors, gateways, switchover: () => this.#switchover(parties.deps), complaints });
    } finally {
      for (const close of closing.reverse()) await close();
    }
  }

  async close(): Promise<void> {
    for (const link of Object.values(this.#links ?? {})) await link.close();
    await this.pair.drop();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #switchover(deps: StepDeps): Promise<readonly SwitchoverReceipt[]> {
    const input = { cutoverId: this.pair.cutoverId, environment: 'test' };
    const receipts: SwitchoverReceipt[] = [];
    while (receipts.at(-1)?.outcome !== 'committed') {
      receipts.push(await switchover(deps, input, stepContext()));
      if (receipts.length > this.options.settings.attempts) {
        throw new Error(`no attempt was committed: ${JSON.stringify(receipts.at(-1))}`);
      }
    }
    return receipts;
  }

  async #startParties() {
    const store = await createTargetStore<unknown>({
      file: join(await mkdtemp(join(this.#folder, 'target-')), 'state.json'),
      initial: TARGET_STATES.blue,
      parseState: (state) => state,
    });
    const routes = targetRoutes(store, { token: TEST_TOKEN });
    const server = createServer((request, response) => void routes(request, response));
    this.#target = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const over = (name: LinkName) => ({
      name,
      controlUrl: `http://127.0.0.1:${this.#reach(name).port}`,
      token: () => TEST_TOKEN,
      timeoutMs: () => CONTROL_TIMEOUT_MS,
    });
    const gateways = GATEWAYS.map((name) => new HttpGateway(over(name)));
    const targets = [new HttpTarget({ ...over('target'), states: TARGET_STATES })];
    const server5432 = (side: 'blue' | 'green') => ({ ...this.pair.addressOf(side), ...this.#reach(side) });
    const reach = { servers: { blue: server5432('blue'), green: server5432('green') }, gatewayUrl: '', targetUrl: '' };
    const hooks = { switchover: () => this.options.settings, onQuery: () => undefined, onAction: () => undefined };
    const step = stepDeps(reach, { gateways, targets }, hooks);
    const green = { ...step.settings.green, syncRole: this.pair.syncRole };
    const deps = { ...step, settings: { ...step.settings, green } };
    const close = async () => {
      for (const party of [...gateways, ...targets]) await party.close();
      for (const link of Object.values(this.#links)) link.cutAll();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return { deps, close };
  }

  #gatewayOptions() {
    const [blue, green] = this.#hydras;
    if (blue === undefined || green === undefined) throw new Error('no Hydra runs');
    const side = ({ publicUrl, adminUrl }: TestHydra, apiGeneration: 1 | 2) => ({ publicUrl, adminUrl, apiGeneration });
    const database = (name: 'blue' | 'green') => {
      const { host, port, user, database } = this.pair.addressOf(name);
      return { host, port, user, database, ssl: { mode: 'disable' } };
    };
    const { gatewayConfig } = this.options;
    const doubt = { kind: 'postgres', blue: database('blue'), green: database('green'), timeoutMs: 15_000 };
    return {
      config: { sides: { blue: side(blue, 1), green: side(green, 2) }, doubt, ...gatewayConfig },
      environment: { GATEWAY_DOUBT_PASSWORD: this.pair.addressOf('blue').password },
    };
  }
}

/** Knows who serves, is a member, and finds both sides ready: only then a switchover begins. */
async function untilServing(gateway: GatewayProcess): Promise<void> {
  const serves = async () => {
    const { mode, member, ready } = (await gateway.state()) as {
      readonly mode: string;
      readonly member: { readonly isAlive: boolean } | null;
      readonly ready: { readonly blue: boolean; readonly green: boolean };
    };
    return mode === 'pass' && member?.isAlive === true && ready.blue && ready.green;
  };
  await until('a gateway serves blue and finds green ready', serves, { everyMs: 10 });
}

function addressOf(url: string | undefined): Address {
  if (url === undefined) throw new Error('no gateway runs');
  return { host: '127.0.0.1', port: Number(new URL(url).port) };
}
