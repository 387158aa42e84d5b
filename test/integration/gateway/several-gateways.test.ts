import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type Client } from 'pg';
import {
  beginAttempt,
  commitAttempt,
  fence,
  grantArbiter,
  guardTables,
  installArbiter,
  markFinalized,
  openSide,
  removeArbiter,
} from '../../../hydra/arbiter';
import { type CuttableLink, startLink } from '../../support/cuttable-link';
import { asAdmin, useDatabase } from '../../support/database';
import { GatewayHome, type GatewayProcess } from '../../unit/gateway/support/gateway-process';
import { rawExchange, startUpstream, type TestUpstream } from '../../unit/gateway/support/sockets';

const LOCK_TIMEOUT_MS = 60_000;
const PATIENCE_MS = 600_000;
/** No question is given up because this machine is busy. */
const QUESTION_MS = 60_000;
const PASSWORD = randomBytes(12).toString('hex');
const ROLE = `test_gateways_${randomBytes(6).toString('hex')}`;

const blueDatabase = useDatabase('hydra_1_11_10');
const greenDatabase = useDatabase('hydra_2_3_0');
let [blue, green]: Client[] = [];
let sides: { readonly blue: TestUpstream; readonly green: TestUpstream };
let toBlue: CuttableLink;
let homes: GatewayHome[] = [];

function clients(): readonly [Client, Client] {
  if (blue === undefined || green === undefined) throw new Error('not connected');
  return [blue, green];
}

interface Start {
  /** To start it on the state that an earlier one left. */
  readonly home?: GatewayHome;
  /** The port of the way to blue's arbiter. */
  readonly port?: number;
}

async function start({ home, port }: Start = {}): Promise<GatewayProcess & { readonly home: GatewayHome }> {
  const at = home ?? (await GatewayHome.create());
  if (home === undefined) homes.push(at);
  const database = ({ config }: typeof blueDatabase) => ({
    host: config.host,
    port: config.port,
    database: config.database,
    user: ROLE,
    ssl: { mode: 'disable' },
  });
  const doubt = {
    kind: 'postgres',
    blue: { ...database(blueDatabase), ...(port !== undefined && { host: '127.0.0.1', port }) },
    green: database(greenDatabase),
    timeoutMs: QUESTION_MS,
    retryMs: 50,
  };
  const gateway = await at.start({
    blue: sides.blue.url,
    green: sides.green.url,
    config: { doubt, hold: { deadlineMs: PATIENCE_MS, maxParkedMs: PATIENCE_MS } },
    environment: { GATEWAY_DOUBT_PASSWORD: PASSWORD },
  });
  return { ...gateway, home: at };
}

/** Which side answers a request through it; `503` when nobody is asked. */
async function serves({ publicPort }: GatewayProcess): Promise<string> {
  const text = await rawExchange(publicPort, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  if (/^HTTP\/1\.1 503 [^]*Retry-After/.test(text)) return '503';
  return text.split('\r\n\r\n')[1] ?? '';
}

const servedByAll = (gateways: readonly GatewayProcess[]) => Promise.all(gateways.map(serves));

/** Until it has asked, and was told nothing. */
async function untilAsked(gateway: GatewayProcess): Promise<void> {
  for (;;) {
    const { doubt } = (await gateway.state()) as { doubt: { lastVerdict: string } | null };
    if (doubt?.lastVerdict === 'unknown') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function newOne(): Promise<GatewayProcess> {
  const gateway = await start();
  await untilAsked(gateway);
  return gateway;
}

async function begin(epoch: number): Promise<number> {
  const answer = await beginAttempt(clients()[0], { epoch, holdDeadlineMs: PATIENCE_MS, marginMs: 0 });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.attempt;
}

describe('several gateways, each a process of its own', () => {
  beforeAll(async () => {
    [blue, green] = [await blueDatabase.connect(), await greenDatabase.connect()];
    await asAdmin(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'`);
  });
  beforeEach(async () => {
    const side = (name: string) =>
      startUpstream((request, response) => void request.resume().on('end', () => response.end(name)));
    sides = { blue: await side('blue'), green: await side('green') };
    toBlue = await startLink(blueDatabase.config);
    for (const client of clients())
      await client.query('DROP SCHEMA IF EXISTS hydra_cutover, hydra_cutover_asks CASCADE');
    await installArbiter(clients()[0], { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(clients()[0]);
    await installArbiter(clients()[1], { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await guardTables(clients()[1]);
    for (const client of clients()) await grantArbiter(client, ROLE);
  });
  afterEach(async () => {
    for (const home of homes) await home.close();
    homes = [];
    await Promise.all([sides.blue.close(), sides.green.close(), toBlue.close()]);
  });
  afterAll(async () => {
    for (const client of clients()) await client.query(`DROP OWNED BY ${ROLE}`);
    await asAdmin(`DROP ROLE ${ROLE}`);
  });

  it('serve what is committed, whenever they were started, and before that serve nobody beside a living attempt', async () => {
    const [blueArbiter, greenArbiter] = clients();
    // Listed, and never told anything after the hold: it is cut off from the orchestrator.
    const listed = await start();
    await listed.until({ mode: 'pass', settledBy: 'aborted' });
    const attempt = await begin(1);
    await listed.stage(1, 'green');
    const late = [await newOne()];
    expect(await listed.hold(1, PATIENCE_MS)).toMatchObject({ status: 200 });
    late.push(await newOne());
    // None of them has ended the attempt.
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    late.push(await newOne());
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    late.push(await newOne());
    expect(await servedByAll(late)).toEqual(late.map(() => '503'));
    expect([...sides.blue.seen, ...sides.green.seen]).toEqual([]);

    expect(await openSide(greenArbiter, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await Promise.all(late.map((gateway) => gateway.until({ mode: 'pass', epoch: 1, committedEpoch: 1 })));
    late.push(await start());
    await late.at(-1)?.until({ mode: 'pass', settledBy: 'committed' });

    // Killed while it holds and started again, it finds out by itself.
    expect(await serves(late[0] ?? listed)).toBe('green');
    await listed.kill('SIGKILL');
    const again = await start({ home: listed.home });
    await again.until({ mode: 'pass', epoch: 1, hold: null });

    // After finalize green has no arbiter any more.
    expect(await markFinalized(blueArbiter, 1)).toBe(true);
    await removeArbiter(greenArbiter);
    const afterwards = await start();
    await afterwards.until({ mode: 'pass', settledBy: 'committed', epoch: 1 });
    expect(await servedByAll([...late, again, afterwards])).toEqual([...late, again, afterwards].map(() => 'green'));
    expect(sides.blue.seen).toEqual([]);
  });

  it('that lost its state, or is cut off from the arbiter, forwards nothing until somebody who knows can tell it', async () => {
    const [blueArbiter, greenArbiter] = clients();
    const cutOff = await start({ port: toBlue.port });
    const loses = await start();
    const both = [cutOff, loses];
    for (const gateway of both) await gateway.until({ mode: 'pass' });
    expect(await servedByAll(both)).toEqual(['blue', 'blue']);
    const attempt = await begin(1);
    for (const gateway of both) await gateway.stage(1, 'green');
    for (const gateway of both) expect(await gateway.hold(1)).toMatchObject({ status: 200 });
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    toBlue.cut();
    await Promise.all(both.map((gateway) => gateway.kill('SIGKILL')));
    await rm(loses.home.stateFile);
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });

    const [second, third] = [await start({ home: cutOff.home, port: toBlue.port }), await start({ home: loses.home })];
    await Promise.all([untilAsked(second), untilAsked(third)]);
    expect(await servedByAll([second, third])).toEqual(['503', '503']);
    // Told too early, while green is closed: neither believes it.
    for (const gateway of [second, third]) {
      expect(await gateway.tellCommitted(1)).toMatchObject({ status: 409, body: { code: 'NOT_COMMITTED' } });
    }
    expect(sides.green.seen).toEqual([]);

    expect(await openSide(greenArbiter, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    // Blue is still out of its reach; green's word is enough.
    expect(await second.tellCommitted(1)).toMatchObject({ status: 200, body: { committedEpoch: 1 } });
    await third.until({ mode: 'pass', epoch: 1 });
    expect(await servedByAll([second, third])).toEqual(['green', 'green']);
    for (const gateway of [second, third]) {
      expect(await gateway.revert(1)).toMatchObject({ status: 409, body: { code: 'COMMITTED' } });
    }
    expect(await servedByAll([second, third])).toEqual(['green', 'green']);
    expect(sides.blue.seen).toHaveLength(2);
  });
});
