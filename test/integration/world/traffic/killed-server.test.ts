import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../../../config/logger';
import { parseTrafficConfig, type TrafficConfigInput } from '../../../../world/traffic/config';
import { Traffic } from '../../../../world/traffic/traffic';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';
import { until } from '../../../support/until';

const database = useDatabase('hydra_1_11_10');
const logger = createLogger({ level: 'silent' });
const ACTORS = 12;
const RATE = 40;
const SETTLE_MS = 1_000;
/** Enough that every client has promises to lose. */
const REQUESTS = 120;

let hydra: TestHydra;

const start = (): Promise<TestHydra> =>
  startHydra({
    version: '1.11.10',
    database: database.config,
    loginAppUrl: 'http://127.0.0.1:9',
    issuer: 'https://127.0.0.1:4/',
    extra: {
      OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
      OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a salt for tests',
    },
  });

beforeAll(async () => {
  hydra = await start();
});
afterAll(() => hydra.stop());

async function trafficAgainst(
  publicUrl: string,
  adminUrl: string,
  more: Partial<TrafficConfigInput> = {},
): Promise<Traffic> {
  const config = parseTrafficConfig({
    publicUrl,
    adminUrl,
    issuer: 'https://127.0.0.1:4/',
    forwardedProto: true,
    loginApp: { kind: 'admin' },
    ratePerSecond: RATE,
    actors: ACTORS,
    seed: 11,
    ...more,
  });
  return Traffic.prepare(config, logger);
}

it('calls promises unknown whose answers were lost with a killed server, and finds nothing afterwards', async () => {
  const [publicDoor, adminDoor] = [await Door.open(hydra.publicUrl), await Door.open(hydra.adminUrl)];
  let traffic: Traffic | undefined;
  try {
    traffic = await trafficAgainst(publicDoor.url, adminDoor.url, { check: { settleMs: SETTLE_MS } });
    traffic.begin();
    await answered(traffic, REQUESTS);
    await hydra.stop('SIGKILL');
    await shows(traffic, ({ failedOperations }) => failedOperations > 0);
    // A server that does not answer is no broken promise.
    expect(await traffic.check()).toMatchObject({ clean: false, confirmedButLost: 0, findingsByName: {} });
    const second = await start();
    hydra = second;
    publicDoor.lead(second.publicUrl);
    adminDoor.lead(second.adminUrl);
    await answered(traffic, REQUESTS);
    await traffic.stop();
    // A promise that is not known is settled only then; a timer may be a little early.
    await sleep(SETTLE_MS + 100);
    const first = await traffic.check();
    const again = await traffic.check();
    const { failedOperations, longestGap } = traffic.report().traffic;
    expect(failedOperations).toBeGreaterThan(0);
    expect(longestGap.durationMs).toBeGreaterThan(0);
    expect([first.findingsByName, again.findingsByName]).toEqual([{}, {}]);
    expect(again).toMatchObject({ clean: true, undecided: 0, pinned: 0 });
  } finally {
    await traffic?.close();
    await publicDoor.close();
    await adminDoor.close();
  }
});

async function shows(
  traffic: Traffic,
  holds: (now: ReturnType<Traffic['report']>['traffic']) => boolean,
): Promise<void> {
  await until('the traffic has come that far', () => holds(traffic.report().traffic));
}

/** So many more requests are answered. */
async function answered(traffic: Traffic, more: number): Promise<void> {
  const count = ({ requests, failedOperations }: ReturnType<Traffic['report']>['traffic']) =>
    requests - failedOperations;
  const before = count(traffic.report().traffic);
  await shows(traffic, (now) => count(now) >= before + more);
}

/** An address that stays while the server behind it changes. */
class Door {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private to: URL,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  static async open(to: string): Promise<Door> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Door(server, new URL(to));
  }

  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  }

  lead(to: string): void {
    this.to = new URL(to);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const upstream = connectSocket(Number(this.to.port), this.to.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
