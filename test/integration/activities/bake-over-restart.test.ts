import { bake } from '../../../activities/bake';
import { keepTraffic } from '../../../activities/baking/keep-traffic';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { type StepDeps } from '../../../activities/step';
import { type Gateway } from '../../../domain/ports/targets';
import { freePort } from '../../../world/net/free-port';
import { GatewayHome, type GatewayProcess } from '../../unit/gateway/support/gateway-process';
import { rawExchange, startUpstream, type TestUpstream } from '../../unit/gateway/support/sockets';
import { TEST_TOKEN } from '../../unit/gateway/support/test-gateway';
import { useDatabase } from '../../support/database';
import { until } from '../../support/until';
import { History } from '../hydra/sync/history';
import { SETTINGS, stepContext } from './green-fixture';
import { SwitchoverWorld } from './switchover-fixture';

const database = useDatabase('hydra_1_11_10');
const world = new SwitchoverWorld(database.config);
let home: GatewayHome;
let sides: TestUpstream[];

beforeAll(async () => {
  await world.start((blue) => new History(3).go(blue, 3));
  await world.reset();
  home = await GatewayHome.create();
  sides = await Promise.all(
    ['blue', 'green'].map(() =>
      startUpstream((request, answer) => void request.resume().on('end', () => answer.end())),
    ),
  );
});
afterAll(async () => {
  await home.close();
  await Promise.all(sides.map((side) => side.close()));
  await world.close();
});
afterEach(() => jest.restoreAllMocks());

const DURATION_MS = 600_000;
const REQUESTS_MIN = 40;
const EVERY_MS = 20;
/** A bake calls a gateway silent after one more. */
const MISSED = 2;

async function ask(gateway: GatewayProcess, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1)
    await rawExchange(
      gateway.publicPort,
      'GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
}

/** The gateway as the worker asks it. Once it has been away for so many looks, the next one waits until it is back. */
class Watched {
  missed = 0;
  #isBack: Promise<unknown> = Promise.resolve();

  constructor(private readonly gateway: HttpGateway) {}

  waitFor(isBack: Promise<unknown>): void {
    this.#isBack = isBack;
  }

  get port(): Gateway {
    return {
      name: 'edge',
      read: () => this.look(() => this.gateway.read()),
      traffic: async () => {
        try {
          return await this.look(() => this.gateway.traffic());
        } catch (error) {
          this.missed += 1;
          throw error;
        }
      },
    } as unknown as Gateway;
  }

  private async look<T>(ask: () => Promise<T>): Promise<T> {
    if (this.missed >= MISSED) await this.#isBack;
    return ask();
  }
}

it('counts on over a real restart of a gateway that was away for some looks, and finds nothing wrong with what it saw', async () => {
  const [controlPort, [blue, green]] = [await freePort(), sides];
  const options = {
    blue: blue?.url,
    green: green?.url,
    config: { listeners: { public: { port: 0 }, admin: { port: 0 }, control: { port: controlPort } } },
  };
  const first = await home.start(options);
  const edge = new HttpGateway({
    name: 'edge',
    controlUrl: `http://127.0.0.1:${controlPort}`,
    token: () => TEST_TOKEN,
  });
  const watched = new Watched(edge);
  const settings = {
    ...SETTINGS,
    bake: { ...SETTINGS.bake, durationMs: DURATION_MS, pollMs: EVERY_MS, requestsMin: REQUESTS_MIN },
  };
  const deps = (): StepDeps => ({ ...world.deps({ gateways: [watched.port], targets: [] }), settings });

  const onGreen = { query: (text: string, values?: unknown[]) => world.green.query(text, values) };
  await keepTraffic(deps(), onGreen);
  await ask(first, REQUESTS_MIN);
  await keepTraffic(deps(), onGreen);
  expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 1 });
  await first.stage(1, 'green');
  await first.apply(1);

  let seen = -1;
  const heartbeat = (said: unknown) => void ({ requests: seen } = said as { requests: number });
  const baking = bake(deps(), world.input, stepContext({ heartbeat }));
  await until('a look', () => seen === 0);
  await ask(first, REQUESTS_MIN - 1);
  await until('what came before the restart', () => seen === REQUESTS_MIN - 1);

  let isBack: () => void = () => undefined;
  watched.waitFor(new Promise<void>((resolve) => (isBack = resolve)));
  await first.kill('SIGKILL');
  await until('the looks that it missed', () => watched.missed === MISSED);
  const second = await home.start(options);
  await ask(second, 2);
  isBack();
  await until('what came after it', () => seen === REQUESTS_MIN + 1);
  const now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now + DURATION_MS);
  const { requests, errorRate, problems } = await baking;
  expect({ requests, errorRate }).toEqual({ requests: REQUESTS_MIN + 1, errorRate: 0 });
  // How fast this machine answers may be too fine for the buckets: that alone is no word about the restart.
  expect(problems.filter((problem) => !problem.includes('too coarse'))).toEqual([]);
  await second.kill('SIGTERM');
  await edge.close();
});
