import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type Client } from 'pg';
import {
  beginAttempt,
  commitAttempt,
  fence,
  forgetMember,
  grantArbiter,
  guardTables,
  installArbiter,
  markFinalized,
  mayReadHere,
  openSide,
  readMembers,
  removeArbiter,
} from '../../../hydra/arbiter';
import { type CuttableLink, startLink } from '../../support/cuttable-link';
import { asAdmin, useDatabase } from '../../support/database';
import { SOON, until } from '../../support/until';
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

/** @returns its id among the members, with which it acknowledged */
async function holds(gateway: GatewayProcess): Promise<string> {
  const { status, body } = await gateway.control('PUT', '/hold', {
    epoch: 1,
    deadlineMs: PATIENCE_MS,
    holds: 'writes',
  });
  expect(status).toBe(200);
  return String(body['member']);
}

/** Whether the arbiter counts it, as a fence would. */
async function isCounted(id: string): Promise<boolean> {
  return (await readMembers(clients()[0])).some(({ member, isAlive }) => member === id && isAlive);
}

const idOf = async (gateway: GatewayProcess) => ((await gateway.state()) as { member: { id: string } }).member.id;

/** Sends requests until it is counted no more. None goes to blue that began while it was not. */
async function untilUncounted(gateway: GatewayProcess, id: string): Promise<void> {
  for (let counted = true; counted;) {
    counted = await isCounted(id);
    const side = await serves(gateway);
    if (!counted) expect(side).toBe('503');
  }
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
    const held = [await holds(listed)];
    late.push(await newOne());
    // None of them has ended the attempt.
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
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

  it('keep a fence away as long as one that nobody listed may forward, and no longer', async () => {
    const [blueArbiter] = clients();
    const listed = await start();
    const stranger = await start({ port: toBlue.port });
    for (const gateway of [listed, stranger]) await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    const id = await idOf(stranger);
    const attempt = await begin(1);
    await listed.stage(1, 'green');
    const held = [await holds(listed)];
    const [name] = (await readMembers(blueArbiter)).flatMap(({ member, name: its }) => (member === id ? [its] : []));
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({
      ...{ ok: false, reason: 'members', alive: [name], silent: [] },
    });
    expect(await serves(stranger)).toBe('blue');
    // It learns of the attempt by a beat; cut off after that, it stops by its own clock, before its lease ends.
    const knows = async () => {
      const { rows } = await blueArbiter.query(
        'SELECT 1 FROM hydra_cutover.member WHERE member = $1 AND bound_epoch = 1',
        [id],
      );
      return rows.length > 0;
    };
    await until('the stranger knows of the attempt', knows, SOON);
    toBlue.cut();
    await untilUncounted(stranger, id);
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
    // In reach again, it is counted no more, and serves nobody until it is decided.
    toBlue.mend();
    await untilAsked(stranger);
    expect([await serves(stranger), await isCounted(id)]).toEqual(['503', false]);
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await openSide(clients()[1], 1, LOCK_TIMEOUT_MS);
    await stranger.until({ mode: 'pass', epoch: 1 });
    expect(await serves(stranger)).toBe('green');
  });

  it('of which one stands still or is killed: its lease ends, and it forwards nothing when it goes on', async () => {
    const [blueArbiter, greenArbiter] = clients();
    const [frozen, killed] = [await start(), await start()];
    const both = [frozen, killed];
    for (const gateway of both) await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    const attempt = await begin(1);
    for (const gateway of both) await gateway.stage(1, 'green');
    const held = [await holds(frozen), await holds(killed)];
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
    const read = 'GET /userinfo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await rawExchange(frozen.publicPort, read)).toMatch(/blue$/);
    process.kill(frozen.pid, 'SIGSTOP');
    await killed.kill('SIGKILL');
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    for (const id of held) {
      await until('its lease is over', async () => !(await mayReadHere(blueArbiter, id, 1)), SOON);
    }
    // Nobody may send a read to blue any more: green opens.
    expect(await openSide(greenArbiter, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    sides.blue.seen.length = 0;
    process.kill(frozen.pid, 'SIGCONT');
    await rawExchange(frozen.publicPort, read);
    await frozen.until({ mode: 'pass', epoch: 1 });
    expect(await rawExchange(frozen.publicPort, read)).toMatch(/green$/);
    expect(sides.blue.seen).toEqual([]);
  });

  it('learn of the commit from the arbiter where the orchestrator cannot reach them: their reads go to green', async () => {
    const [blueArbiter] = clients();
    const cutOff = await start();
    await cutOff.until({ mode: 'pass', settledBy: 'aborted' });
    const attempt = await begin(1);
    await cutOff.stage(1, 'green');
    const id = await holds(cutOff);
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, [id])).toMatchObject({ ok: true });
    expect(await commitAttempt(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await until('it reads at green', async () => !(await mayReadHere(blueArbiter, id, 1)), SOON);
    expect(await isCounted(id)).toBe(true);
    const read = 'GET /userinfo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await rawExchange(cutOff.publicPort, read)).toMatch(/green$/);
  });

  it('that stop in order are members no more; of one that was killed only a person can say that it is gone', async () => {
    const [blueArbiter] = clients();
    const [stops, killed] = [await start(), await start()];
    for (const gateway of [stops, killed]) await gateway.until({ mode: 'pass', settledBy: 'aborted' });
    await stops.kill('SIGTERM');
    await killed.kill('SIGKILL');
    const members = await readMembers(blueArbiter);
    expect(members).toHaveLength(1);
    const { member = '', name = '' } = members[0] ?? {};
    expect(await forgetMember(blueArbiter, name)).toBe(0);
    await blueArbiter.query('UPDATE hydra_cutover.member SET lease_until = clock_timestamp()');
    const attempt = await begin(1);
    const silent = { ok: false, reason: 'members', alive: [], silent: [name] };
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject(silent);
    expect(await forgetMember(blueArbiter, name)).toBe(1);
    expect(await isCounted(member)).toBe(false);
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
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
    const held = [await holds(cutOff), await holds(loses)];
    expect(await fence(blueArbiter, attempt, LOCK_TIMEOUT_MS, held)).toMatchObject({ ok: true });
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
