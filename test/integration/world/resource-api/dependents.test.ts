import { type Client } from 'pg';
import { revokeConsents, revokeToken } from '../../../../world/oauth';
import { ConsentSessions } from '../../../../world/policy-service/consent-sessions';
import { HydraAdmin, type HydraSide } from '../../../../world/service/hydra-admin';
import { useDatabase } from '../../../support/database';
import { ask, ServiceProcess } from '../../../support/service-process';
import { databaseUrl, FlippedSystems } from './flipped-systems';
import { SIDES, useTwoSides } from './two-sides';
import { SOON, until } from '../../../support/until';

/** No answer is given up because this machine is busy. */
const HYDRA_DEADLINE_MS = 30_000;

const sides = useTwoSides();
const { stateOf, clientOf, withHttp, grant } = sides;
const policyDatabase = useDatabase();
let admin: Client;
/** Within a transaction of `admin` what it sees of other sessions stands still. */
let observer: Client;

beforeAll(async () => {
  [admin, observer] = [await policyDatabase.connect(), await policyDatabase.connect()];
});

describe('the policy service', () => {
  const service = new ServiceProcess('world/policy-service/main.ts', () => ({
    POLICY_DATABASE_URL: databaseUrl(policyDatabase),
  }));
  const settings = { cleanup: { intervalMs: 86_400_000, policyAgeMsMin: 0 }, hydraDeadlineMs: HYDRA_DEADLINE_MS };
  const configFor = (state: HydraSide, changes: object = {}) => ({
    stateFile: `${service.folder}/target.json`,
    initial: state,
    ...settings,
    ...changes,
  });
  const put = (subject: string, client: string) =>
    ask('PUT', `${service.url}/policies/${encodeURIComponent(subject)}/${encodeURIComponent(client)}`);
  const check = async (subject: string, client: string) =>
    (await service.get(`/check?${new URLSearchParams({ subject, client }).toString()}`)).status;
  const reloads = async (times: number) => {
    await until(
      `config reloaded ${times} times`,
      () => (service.stderr.match(/config reloaded/g) ?? []).length >= times,
    );
  };
  const previewed = async () => (await service.control('GET', '/job/preview')).json;

  beforeAll(async () => {
    await service.configure(configFor(stateOf('blue')));
    await service.start();
  });
  afterAll(() => service.dispose());
  beforeEach(async () => {
    await admin.query('TRUNCATE policy, purged_policy, cleanup_run');
  });

  it('answers 403 without a policy and 200 with one, whatever the names look like', async () => {
    const names = [
      ['ada', 'first'],
      ["o'hara; DROP TABLE policy--", 'a..b'],
      ['zoë/ü?&#', 'a b'],
      ['100%', '%2e'],
    ] as const;
    for (const [subject, client] of names) {
      expect(await check(subject, client)).toBe(403);
      expect((await put(subject, client)).status).toBe(200);
      expect(await check(subject, client)).toBe(200);
      expect(await check(subject, 'other')).toBe(403);
    }
  });

  it('refuses requests that name nobody, are malformed or too large', async () => {
    expect(await check('', 'first')).toBe(400);
    expect(await check('a\u0000b', 'first')).toBe(400);
    expect((await service.get('/check')).status).toBe(400);
    expect((await ask('PUT', `${service.url}/policies/a/%ff`)).status).toBe(400);
    for (const body of ['{"a":', '[1]', '{"a":"\\u0000"}']) {
      expect((await ask('PUT', `${service.url}/policies/a/b`, {}, body)).status).toBe(400);
    }
    expect((await ask('PUT', `${service.url}/policies/a/b`, {}, `{"a":"${'x'.repeat(20_000)}"}`)).status).toBe(413);
    expect((await ask('DELETE', `${service.url}/policies/a/b`)).status).toBe(405);
    expect(await check('a', 'b')).toBe(403);
  });

  it.each(SIDES)('purges policies without a consent session, and only those, asking %s', async (side) => {
    await service.flip(side === 'blue' ? 1 : 2, stateOf(side));
    const subject = `user of ${side}`;
    await grant(side, subject);
    await put(subject, 'first');
    await put(subject, 'second');
    await put('nobody', 'first');
    const wouldPurge = [
      { subject: 'nobody', client: 'first' },
      { subject, client: 'second' },
    ];
    expect(await previewed()).toMatchObject({
      wouldPurgeCount: 2,
      wouldPurge,
      subjects: 2,
      policies: 3,
      incomplete: 0,
    });
    expect(await check(subject, 'second')).toBe(200);
    const run = await service.control('POST', '/job/run');
    expect(run.json).toMatchObject({ outcome: 'completed', purged: 2, policies: 3 });
    expect(await Promise.all([check(subject, 'first'), check(subject, 'second'), check('nobody', 'first')])).toEqual([
      200, 403, 403,
    ]);
    await withHttp(side, (http) => revokeConsents(http, subject));
    expect((await service.control('POST', '/job/run')).json).toMatchObject({ purged: 1 });
    expect(await check(subject, 'first')).toBe(403);
    expect((await admin.query('SELECT count(*)::int AS n FROM purged_policy')).rows).toEqual([{ n: 3 }]);
  });

  it.each(SIDES)('purges nothing while %s has lost its database', async (side) => {
    await service.flip(side === 'blue' ? 3 : 4, stateOf(side));
    await put('nobody', 'first');
    await sides.withoutDatabase(side, admin, async () => {
      expect((await service.control('POST', '/job/run')).json).toMatchObject({ outcome: 'failed', purged: 0 });
      expect((await service.control('GET', '/job/preview')).status).toBe(503);
    });
    expect(await check('nobody', 'first')).toBe(200);
    expect((await service.control('POST', '/job/run')).json).toMatchObject({ outcome: 'completed', purged: 1 });
  });

  it.each(SIDES)('purges nothing when it takes %s for the other generation', async (side) => {
    const other = side === 'blue' ? 2 : 1;
    await service.flip(side === 'blue' ? 5 : 6, { ...stateOf(side), apiGeneration: other });
    await put('nobody', 'first');
    const run = await service.control('POST', '/job/run');
    expect(run.json).toMatchObject({ outcome: 'failed', purged: 0 });
    expect(await check('nobody', 'first')).toBe(200);
  });

  it('leaves a policy alone that is younger than the configured age', async () => {
    await service.flip(7, stateOf('blue'));
    await service.configure(
      configFor(stateOf('blue'), { cleanup: { ...settings.cleanup, policyAgeMsMin: 3_600_000 } }),
    );
    service.kill('SIGHUP');
    await reloads(1);
    await put('nobody', 'first');
    expect((await service.control('POST', '/job/run')).json).toMatchObject({
      outcome: 'completed',
      purged: 0,
      policies: 0,
    });
    await service.configure(configFor(stateOf('blue')));
    await reloads(2);
    expect((await service.control('POST', '/job/run')).json).toMatchObject({ purged: 1 });
  });

  it('stays paused over kill -9, previews meanwhile, and serves the applied epoch after it', async () => {
    await service.flip(8, stateOf('green'));
    await put('nobody', 'first');
    expect((await service.control('POST', '/job/pause')).json).toMatchObject({ paused: true, running: false });
    await service.stop('SIGKILL');
    await service.start();
    expect((await service.control('GET', '/target')).json).toMatchObject({
      applied: { epoch: 8, state: stateOf('green') },
    });
    expect((await service.control('GET', '/job')).json).toMatchObject({ paused: true });
    expect((await service.control('POST', '/job/run')).status).toBe(409);
    expect(await previewed()).toMatchObject({ wouldPurgeCount: 1, epoch: 8 });
    expect((await service.control('POST', '/job/resume')).json).toMatchObject({ paused: false });
    expect((await service.control('POST', '/job/run')).json).toMatchObject({ purged: 1, epoch: 8 });
  });

  it('ends a run that is under way before it answers a pause', async () => {
    const subjects = Array.from({ length: 400 }, (_, index) => `subject ${index}`);
    await admin.query(`INSERT INTO policy (subject, client, document) SELECT unnest($1::text[]), 'first', '{}'`, [
      subjects,
    ]);
    // Whoever waits for a lock. Until the commit the run is in its first purge, and the pause waits for that.
    const waiting = async () =>
      (
        await observer.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      ).rowCount ?? 0;
    await admin.query('BEGIN');
    await admin.query('LOCK TABLE purged_policy IN SHARE MODE');
    const run = service.control('POST', '/job/run');
    await until('one waits', async () => (await waiting()) >= 1, SOON);
    let isAnswered = false;
    const pause = service.control('POST', '/job/pause').finally(() => (isAnswered = true));
    await until('two wait', async () => (await waiting()) >= 2, SOON);
    expect(isAnswered).toBe(false);
    await admin.query('COMMIT');
    expect((await pause).json).toMatchObject({ paused: true, running: false });
    const left = await admin.query('SELECT count(*)::int AS n FROM policy');
    await run;
    expect((await admin.query('SELECT count(*)::int AS n FROM policy')).rows).toEqual(left.rows);
    await service.control('POST', '/job/resume');
  });

  it('wants the token for every control call', async () => {
    for (const [method, path] of [
      ['POST', '/job/pause'],
      ['GET', '/job/preview'],
      ['POST', '/target/apply'],
    ] as const) {
      expect((await ask(method, `${service.controlUrl}${path}`)).status).toBe(401);
    }
    expect((await service.control('GET', '/job/pause')).status).toBe(405);
    expect((await service.control('POST', '/target/apply', '{"epoch":')).status).toBe(400);
    expect((await service.control('PUT', '/target/staged', { epoch: 99, state: { adminUrl: 'x' } })).status).toBe(422);
  });

  it.each(SIDES)('never takes a session of %s for missing, however its pages are ordered', async (side) => {
    const subject = `many at ${side}`;
    for (let index = 0; index < 12; index++) await grant(side, subject, index % 2);
    const hydra = new HydraAdmin();
    const sessions = new ConsentSessions(hydra);
    const signal = new AbortController().signal;
    const wanted = ['first', 'second', 'third'];
    const kinds = new Set<string>();
    for (const pageSize of [2, 6, 100]) {
      for (let repeat = 0; repeat < 3; repeat++) {
        const options = { deadlineMs: HYDRA_DEADLINE_MS, signal, pageSize };
        const listing = await sessions.missing(stateOf(side), subject, wanted, options);
        kinds.add(listing.kind);
        if (listing.kind === 'complete') expect(listing.missing).toEqual(['third']);
      }
    }
    expect(kinds).toContain('complete');
    await hydra.close();
  });
});

describe('the resource API', () => {
  const service = new ServiceProcess('world/resource-api/main.ts');
  const ask401 = async (token: string) => (await service.get('/resource', { authorization: `Bearer ${token}` })).status;

  beforeAll(async () => {
    await service.configure({
      stateFile: `${service.folder}/target.json`,
      initial: stateOf('blue'),
      hydraDeadlineMs: HYDRA_DEADLINE_MS,
    });
    await service.start();
  });
  afterAll(() => service.dispose());

  it('says what is wrong with requests without a usable token', async () => {
    const bare = await service.get('/resource');
    expect([bare.status, bare.headers['www-authenticate']]).toEqual([401, 'Bearer realm="resource-api"']);
    const basic = await service.get('/resource', { authorization: 'Basic abc' });
    expect(basic.status).toBe(401);
    for (const token of ['', 'two words', 'x'.repeat(20_000)]) {
      const answer = await service.get('/resource', { authorization: `Bearer ${token}` });
      expect([token.length, answer.status]).toEqual([token.length, 400]);
    }
    expect((await ask('POST', `${service.url}/resource`, {}, 'x'.repeat(100_000))).status).toBe(405);
  });

  it.each(SIDES)('takes access tokens of %s, and nothing that is revoked, made up or a refresh token', async (side) => {
    await service.flip(side === 'blue' ? 1 : 2, stateOf(side));
    const tokens = await grant(side, 'ada');
    const answer = await service.get('/resource', { authorization: `Bearer ${tokens.accessToken}` });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ subject: 'ada', clientId: 'first' });
    expect(await ask401(tokens.refreshToken ?? '')).toBe(401);
    expect(await ask401('made-up.token')).toBe(401);
    await withHttp(side, (http) => revokeToken(http, clientOf(side), tokens.accessToken));
    const revoked = await service.get('/resource', { authorization: `Bearer ${tokens.accessToken}` });
    expect(revoked.status).toBe(401);
    expect(revoked.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each(SIDES)('answers 503 and never 401 for a good token while %s has lost its database', async (side) => {
    await service.flip(side === 'blue' ? 3 : 4, stateOf(side));
    const { accessToken } = await grant(side, 'ada');
    await sides.withoutDatabase(side, admin, async () => {
      expect(await ask401(accessToken)).toBe(503);
    });
    expect(await ask401(accessToken)).toBe(200);
  });

  it('answers 503 when Hydra is not there', async () => {
    await service.flip(5, { adminUrl: 'http://127.0.0.1:9', apiGeneration: 1 });
    const answer = await service.get('/resource', { authorization: 'Bearer abc' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
  });

  it('serves the applied epoch after kill -9, not the config’s initial state', async () => {
    await service.flip(6, stateOf('green'));
    const { accessToken } = await grant('green', 'ada');
    await service.stop('SIGKILL');
    await service.start();
    expect(await ask401(accessToken)).toBe(200);
  });
});

describe('flipping the gateway, the policy service and the resource API', () => {
  const systems = new FlippedSystems(sides, policyDatabase);
  const WORKS = { resource: 200, check: 200 };
  let epoch = 0;

  beforeAll(() => systems.start());
  afterAll(() => systems.dispose());

  it('works before any flip', async () => {
    expect(await systems.useOnce()).toEqual(WORKS);
  });

  it.each([
    // Tokens and consents are of green, both dependents ask blue.
    ['gateway', { resource: 401, check: 403 }],
    // It finds no consent session on green and purges the policy of a user who just logged in.
    ['policies', { resource: 200, check: 403 }],
    ['resource', { resource: 401, check: 200 }],
  ] as const)(
    'breaks requests when only the %s is flipped, and works again when that is reverted',
    async (one, seen) => {
      epoch += 1;
      await systems.flip([one], epoch);
      expect(await systems.useOnce()).toEqual(seen);
      await systems.revert([one], epoch);
      expect(await systems.useOnce()).toEqual(WORKS);
    },
  );

  it('works when all three are flipped', async () => {
    epoch += 1;
    await systems.flip(['gateway', 'policies', 'resource'], epoch);
    expect(await systems.useOnce()).toEqual(WORKS);
  });
});
