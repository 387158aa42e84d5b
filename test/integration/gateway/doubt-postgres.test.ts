import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';
import {
  abortAttempt,
  beginAttempt,
  commitAttempt,
  fence,
  grantArbiter,
  guardTables,
  installArbiter,
  openSide,
  readMembers,
  removeArbiter,
} from '../../../hydra/arbiter';
import { FORWARD } from '../../../domain/sides';
import { doubtOverPostgres } from '../../../gateway/node/doubt-postgres';
import { asAdmin, useDatabase } from '../../support/database';
import { startLink } from '../../support/cuttable-link';
import { useParts } from '../../unit/gateway/support/fixture';
import { rawExchange } from '../../unit/gateway/support/sockets';
import { type TestGateway } from '../../unit/gateway/support/test-gateway';

const LOCK_TIMEOUT_MS = 60_000;
const DEADLINE_MS = 150;
/** No question is given up because this machine is busy. */
const QUESTION_MS = 60_000;
const PASSWORD = randomBytes(12).toString('hex');
const ROLE = `test_gateway_${randomBytes(6).toString('hex')}`;

const blueDatabase = useDatabase('hydra_1_11_10');
const greenDatabase = useDatabase('hydra_2_3_0');
let parts: ReturnType<typeof useParts>;
let blue: Client;
let green: Client;

beforeAll(async () => {
  [blue, green] = [await blueDatabase.connect(), await greenDatabase.connect()];
  await asAdmin(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'`);
});
// The databases are dropped by then, and with them what the role was granted.
afterAll(() => asAdmin(`DROP ROLE ${ROLE}`));
beforeEach(async () => {
  for (const client of [blue, green])
    await client.query('DROP SCHEMA IF EXISTS hydra_cutover, hydra_cutover_asks CASCADE');
});

async function installBlue(): Promise<void> {
  await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
  await guardTables(blue);
  await grantArbiter(blue, ROLE);
}

async function begin(epoch: number): Promise<number> {
  const answer = await beginAttempt(blue, { epoch, holdDeadlineMs: 600_000, marginMs: 0 });
  if (!answer.ok) throw new Error(answer.reason);
  return answer.attempt;
}

interface Start {
  readonly withGreen?: boolean;
  readonly port?: number;
}

async function start({ withGreen = false, port }: Start = {}): Promise<TestGateway> {
  const side = (name: string) =>
    parts.upstream((request, response) => void request.resume().on('end', () => response.end(name)));
  const database = ({ config }: typeof blueDatabase) => ({
    host: config.host,
    port: port ?? config.port,
    database: config.database,
    user: ROLE,
    ssl: { mode: 'disable' },
  });
  const doubt = {
    kind: 'postgres',
    blue: database(blueDatabase),
    ...(withGreen && { green: database(greenDatabase) }),
    timeoutMs: QUESTION_MS,
    retryMs: 50,
  };
  const [blueSide, greenSide] = [await side('blue'), await side('green')];
  return parts.gateway({
    blue: blueSide.url,
    green: greenSide.url,
    config: { doubt },
    environment: { GATEWAY_DOUBT_PASSWORD: PASSWORD },
  });
}

const get = (gateway: TestGateway) =>
  rawExchange(gateway.publicPort, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
const served = async (gateway: TestGateway) => (await get(gateway)).split('\r\n\r\n')[1];
const UNAVAILABLE = /^HTTP\/1\.1 503 [^]*Retry-After/;

/** Until the arbiter was asked at least once since `mode` began. */
async function untilAsked(gateway: TestGateway, lastVerdict: string): Promise<void> {
  for (;;) {
    const { doubt } = (await gateway.state()) as { doubt: { lastVerdict: string } | null };
    if (doubt?.lastVerdict === lastVerdict) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** As after the word of every gateway. */
async function fenceWithAll(attempt: number) {
  const members = (await readMembers(blue)).map(({ member }) => member);
  return fence(blue, attempt, LOCK_TIMEOUT_MS, members);
}

async function committed(gateway: TestGateway): Promise<void> {
  await gateway.until({ mode: 'pass' });
  const attempt = await begin(1);
  await gateway.stage(1, 'green');
  expect(await fenceWithAll(attempt)).toMatchObject({ ok: true });
  expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  // Last, so that the deadline cannot pass before the commit: the gateway learns of neither but by asking.
  await gateway.hold(1, DEADLINE_MS);
}

describe('a gateway in doubt with blue as arbiter', () => {
  parts = useParts();

  it('claims when its deadline passes, releases to blue, and the orchestrator can fence no more', async () => {
    await installBlue();
    const gateway = await start();
    await gateway.until({ mode: 'pass' });
    const attempt = await begin(1);
    await gateway.stage(1, 'green');
    await gateway.hold(1, DEADLINE_MS);
    expect(await served(gateway)).toBe('blue'); // parked until the claim
    await gateway.until({ mode: 'pass', epoch: 0, revertedEpoch: 1 });
    expect(await fence(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: false, reason: 'aborted' });
    const { rows } = await blue.query('SELECT decided_by FROM hydra_cutover.attempt');
    expect(rows).toEqual([
      { decided_by: expect.stringMatching(/^role \w+: gateway .+ \d+, hold_deadline$/) as string },
    ]);
  });

  it('stays unavailable after a commit until it is told to apply, when it knows no green database', async () => {
    await installBlue();
    const gateway = await start();
    await committed(gateway);
    await untilAsked(gateway, 'unknown');
    expect(await get(gateway)).toMatch(UNAVAILABLE);
    expect(await gateway.apply(1)).toMatchObject({ status: 200 });
    expect(await served(gateway)).toBe('green');
  });

  it('goes to green after a commit by itself, once green is open and not before', async () => {
    await installBlue();
    await installArbiter(green, { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await guardTables(green);
    await grantArbiter(green, ROLE);
    const gateway = await start({ withGreen: true });
    await committed(gateway);
    await untilAsked(gateway, 'unknown');
    expect(await get(gateway)).toMatch(UNAVAILABLE);
    expect(await openSide(green, 1, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    await gateway.until({ mode: 'pass', epoch: 1 });
    expect(await served(gateway)).toBe('green');
  });

  it('is unavailable while the database is away, and recovers with it', async () => {
    await installBlue();
    const link = await startLink(blueDatabase.config);
    link.cut();
    const gateway = await start({ port: link.port });
    await untilAsked(gateway, 'unknown');
    expect(await get(gateway)).toMatch(UNAVAILABLE);
    link.mend();
    await gateway.until({ mode: 'pass' });
    expect(await served(gateway)).toBe('blue');
    await gateway.close();
    await link.close();
  });

  it('passes at a start when no cutover has prepared the database, and says so, but holds nothing: it may be the wrong one', async () => {
    const gateway = await start();
    await gateway.until({ mode: 'pass', settledBy: 'no_cutover' });
    expect(await served(gateway)).toBe('blue');
    expect(await gateway.stage(1, 'green')).toMatchObject({ status: 200 });
    expect(await gateway.hold(1)).toMatchObject({ status: 409, body: { code: 'NO_ARBITER' } });
    await gateway.until({ mode: 'pass', hold: null });
    expect(await served(gateway)).toBe('blue');
    await installBlue();
    expect(await gateway.hold(1)).toMatchObject({ status: 409, body: { code: 'NO_ARBITER' } });
    await begin(1);
    expect(await gateway.hold(1)).toMatchObject({ status: 200 });
    await gateway.revert(1);
  });

  it('holds nothing for an epoch that an arbiter of an earlier cutover would one day decide about', async () => {
    await installBlue();
    const gateway = await start({ withGreen: true });
    await committed(gateway);
    await gateway.apply(1);
    // The second cutover has other databases, and this gateway still the first one's config.
    expect(await gateway.stage(2, 'green')).toMatchObject({ status: 200 });
    expect(await gateway.hold(2)).toMatchObject({ status: 409, body: { code: 'NO_ARBITER' } });
    expect(await gateway.state()).toMatchObject({ mode: 'pass', hold: null, epoch: 1 });
    expect((await blue.query('SELECT epoch::int FROM hydra_cutover.attempt')).rows).toEqual([{ epoch: 1 }]);
  });

  it('takes a database without an arbiter for no answer when it held: it may have been restored after the commit', async () => {
    await installBlue();
    const gateway = await start();
    await gateway.until({ mode: 'pass' });
    const attempt = await begin(1);
    await gateway.stage(1, 'green');
    expect(await gateway.hold(1)).toMatchObject({ status: 200 });
    await gateway.stop();
    await abortAttempt(blue, attempt, 'test', LOCK_TIMEOUT_MS);
    await removeArbiter(blue);
    const again = await gateway.restart();
    await untilAsked(again, 'no_cutover');
    expect(await get(again)).toMatch(UNAVAILABLE);
    expect(await again.revert(1)).toMatchObject({ status: 200 });
    expect(await served(again)).toBe('blue');
    await again.close();
  });

  it('holds while the database is away: its silence settles nothing', async () => {
    await installBlue();
    const link = await startLink(blueDatabase.config);
    const gateway = await start({ port: link.port });
    await gateway.until({ mode: 'pass' });
    link.cut();
    await gateway.stage(1, 'green');
    expect(await gateway.hold(1)).toMatchObject({ status: 200 });
    await gateway.revert(1);
    await gateway.close();
    await link.close();
  });

  it('takes a missing right for no answer', async () => {
    await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    const gateway = await start();
    await untilAsked(gateway, 'unknown');
    expect(await get(gateway)).toMatch(UNAVAILABLE);
    await grantArbiter(blue, ROLE);
    await gateway.until({ mode: 'pass' });
  });

  it('started again after the cutover, goes on with green while blue is committed', async () => {
    await installBlue();
    const gateway = await start();
    await committed(gateway);
    await gateway.apply(1);
    const again = await gateway.restart();
    await again.until({ mode: 'pass', epoch: 1 });
    expect(await served(again)).toBe('green');
    await again.close();
  });
});

describe('a gateway that holds nothing and asks how things stand', () => {
  const ask = async (appliedEpoch: number) => {
    const login = ({ config }: typeof blueDatabase) => ({
      ...config,
      password: () => config.password,
      ssl: { mode: 'disable' as const },
    });
    const options = { timeoutMs: QUESTION_MS, signal: new AbortController().signal };
    const resolve = doubtOverPostgres({
      direction: FORWARD,
      from: login(blueDatabase),
      to: login(greenDatabase),
      ...options,
    });
    return resolve({ reason: 'start', epoch: null, appliedEpoch });
  };
  const commit = async (epoch: number) => {
    const attempt = await begin(epoch);
    await fenceWithAll(attempt);
    expect(await commitAttempt(blue, attempt, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  };
  const openGreen = async (epoch: number) => {
    expect(await openSide(green, epoch, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
  };
  const SERVES_GREEN = { verdict: 'committed', epoch: 5, side: 'green' };

  const committedAt = async (epoch: number, opened: number) => {
    await commit(epoch);
    await openGreen(opened);
  };
  const lostGreen = async () => {
    await commit(5);
    await green.query('DROP SCHEMA hydra_cutover CASCADE');
  };
  const asksGreen = () => blue.query(`UPDATE hydra_cutover.run SET side = 'green', state = 'closed'`);
  const lostBlue = async () => {
    await removeArbiter(blue);
    await openGreen(5);
  };

  it.each([
    { when: 'nothing was ever begun', applied: 0, prepare: () => undefined, answer: { verdict: 'aborted' } },
    { when: 'an attempt lives', applied: 0, prepare: () => begin(5), answer: { verdict: 'unknown' } },
    { when: 'green is closed after a commit', applied: 0, prepare: () => commit(5), answer: { verdict: 'unknown' } },
    { when: 'green serves what was committed', applied: 0, prepare: () => committedAt(5, 5), answer: SERVES_GREEN },
    { when: 'it knows of the commit', applied: 5, prepare: () => committedAt(5, 5), answer: { verdict: 'aborted' } },
    // Of an earlier cutover; it was not opened for this one yet.
    {
      when: 'green serves an older epoch',
      applied: 0,
      prepare: () => committedAt(5, 4),
      answer: { verdict: 'unknown' },
    },
    {
      when: 'green has no arbiter, and blue has not seen everybody there',
      applied: 0,
      prepare: lostGreen,
      answer: { verdict: 'unknown' },
    },
    { when: 'what it asks as blue is a green', applied: 0, prepare: asksGreen, answer: { verdict: 'unknown' } },
    { when: 'blue lost its arbiter and green serves', applied: 0, prepare: lostBlue, answer: SERVES_GREEN },
    { when: 'all that green serves is over', applied: 6, prepare: lostBlue, answer: { verdict: 'no_cutover' } },
  ])('is answered when $when', async ({ applied, prepare, answer }) => {
    await installBlue();
    await installArbiter(green, { side: 'green', cutoverId: 'test', initialState: 'closed' });
    await guardTables(green);
    await prepare();
    expect(await ask(applied)).toEqual(answer);
  });
});
