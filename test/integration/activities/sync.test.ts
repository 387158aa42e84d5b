import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { catchUp } from '../../../activities/catch-up';
import { gatherEvidence } from '../../../activities/gather-evidence';
import { keepInSync } from '../../../activities/keep-in-sync';
import { type StepDeps } from '../../../activities/step';
import { openSync } from '../../../activities/sync-session';
import { type Databases, type SessionOptions } from '../../../domain/ports/databases';
import { GATEWAY_PROTOCOL, type Gateway, type Target } from '../../../domain/ports/targets';
import { type ShadowOrder } from '../../../domain/shadow';
import { readBacklog, readStaleChallenges } from '../../../hydra/sync';
import { AGREEING_HYDRAS } from '../../support/agreeing-hydras';
import { useDatabase } from '../../support/database';
import { percentsOf } from '../../support/percents';
import { type Grant, History } from '../hydra/sync/history';
import { SyncWorld } from '../hydra/sync/sync-world';
import { SETTINGS, stepContext } from './green-fixture';
import { FORWARD } from '../../../domain/sides';

const database = useDatabase('hydra_1_11_10');
const history = new History(5);
let world: SyncWorld;
let blue: Client;
let green: Client;

/** Databases of one server, as the port gives them. */
function databases(): Databases {
  return {
    async withSession(side, work, { signal, login }: SessionOptions = {}) {
      signal?.throwIfAborted();
      const name = side === 'blue' ? database.config.database : world.green;
      const client = new Client({ ...database.config, database: name, ...login });
      client.on('error', () => undefined);
      await client.connect();
      try {
        const query = (text: string, values?: unknown[]) => client.query(text, values);
        const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        return await work({ query, backendPid: rows[0]?.pid ?? 0 });
      } finally {
        await client.end();
      }
    },
    address: () => Promise.reject(new Error('not asked for')),
  };
}

const VIEW = { appliedEpoch: 0, appliedSide: 'blue', stagedEpoch: null, highestEpoch: 0 } as const;

function deps(changes: Partial<StepDeps> = {}, sync: Partial<StepDeps['settings']['sync']> = {}): StepDeps {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return {
    settings: {
      ...SETTINGS,
      green: { ...SETTINGS.green, syncRole: world.syncRole },
      sync: { ...SETTINGS.sync, idleMs: 20, backlogMax: 0, ...sync },
    },
    direction: FORWARD,
    databases: databases(),
    gateways: [],
    targets: [],
    jobs: [],
    hydra: AGREEING_HYDRAS,
    log,
    ...changes,
  } as unknown as StepDeps;
}

const input = () => ({ cutoverId: world.cutoverId, environment: 'test' });

beforeAll(async () => {
  world = new SyncWorld(database.config);
  await world.capture();
  const before = await world.connect('blue');
  await history.go(before, 15);
  await world.snapshot();
  [blue, green] = [await world.connect('blue'), await world.connect('green')];
});

afterAll(() => world.close());

/** One whose consent somebody answered: some histories leave it open, and then there are no claims. */
async function answeredGrant(): Promise<Grant> {
  for (;;) {
    const grant = await history.grant(blue);
    if (grant.refresh !== '') return grant;
  }
}

describe('catchUp', () => {
  it('carries everything since the snapshot, tells how far it is, and knows challenges from before the log', async () => {
    const grant = await history.grant(blue);
    await blue.query('UPDATE hydra_cutover.change_log SET done_at = now()');
    await history.go(blue, 40);
    const backlog = await readBacklog(blue);
    const beats: Readonly<Record<string, unknown>>[] = [];
    const receipt = await catchUp(
      deps({}, { batchRows: 10 }),
      input(),
      stepContext({ heartbeat: (beat) => beats.push(beat) }),
    );
    expect(receipt).toMatchObject({ changes: backlog, backlog: 0 });
    expect(beats[0]).toMatchObject({ backlog });
    expect(beats.at(-1)).toMatchObject({ backlog: 0, changes: backlog });
    const percents = percentsOf(beats);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect([percents[0], percents.at(-1)]).toEqual([0, 99]);
    const { entries } = await readStaleChallenges(green, 0);
    expect(entries.map(({ value }) => value)).toContain(`${grant.login}v`);
  });

  it('removes what is done from the log while it carries, and says when the log takes too much of blue', async () => {
    const oldest = async () => {
      const { rows } = await blue.query<{ kept: number }>(
        `SELECT count(*)::integer AS kept FROM hydra_cutover.change_log WHERE done_at < now() - interval '1 hour'`,
      );
      return rows[0]?.kept;
    };
    const warnings: string[] = [];
    const warn = (_fields: object, message: string) => void warnings.push(message);
    const log = { ...deps().log, warn } as StepDeps['log'];
    const beats: Readonly<Record<string, unknown>>[] = [];
    const context = stepContext({ heartbeat: (beat) => beats.push(beat) });
    const grow = async () => {
      await history.rotateKey(blue);
      await keepInSync(deps(), { ...input(), forMs: 0 }, stepContext());
      await blue.query(
        `UPDATE hydra_cutover.change_log SET done_at = now() - interval '2 hours' WHERE done_at IS NOT NULL`,
      );
      expect(await oldest()).toBeGreaterThan(0);
    };
    await grow();
    await catchUp(deps({ log }, { changeLogBytesMax: 1 }), input(), context);
    expect(await oldest()).toBe(0);
    const problem = expect.stringMatching(/^the change log takes \d+ MB of blue's disk \(allowed 0 MB\)/) as string;
    expect(warnings).toEqual([problem]);
    expect(beats.at(-1)).toMatchObject({ step: 'catching up', problem });
    await grow();
    await keepInSync(deps(), { ...input(), forMs: 0 }, stepContext());
    expect(await oldest()).toBe(0);
  });

  it('gives up in words when it does not catch up in time', async () => {
    await history.rotateKey(blue);
    const stuck = deps({}, { catchUpDeadlineMs: 150, backlogMax: -1, backlogMsMax: -1 });
    await expect(catchUp(stuck, input(), stepContext())).rejects.toMatchObject({ code: 'SYNC_FAILED' });
  });
});

describe('keepInSync', () => {
  const following = (forMs = 3_600_000) => ({ ...input(), forMs });

  it('returns what it did when its time is over, and the next one goes on', async () => {
    await history.rotateKey(blue);
    expect(await keepInSync(deps(), following(0), stepContext())).toMatchObject({ rounds: 1, backlog: 0 });
    await history.rotateKey(blue);
    const { rounds, changes, backlog } = await keepInSync(deps(), following(200), stepContext());
    expect([rounds > 0, changes > 0, backlog]).toEqual([true, true, 0]);
  });

  it('goes on until it is cancelled and then throws the reason, with nothing half done', async () => {
    const cancel = new AbortController();
    let beats = 0;
    const kept = keepInSync(deps(), following(), stepContext({ signal: cancel.signal, heartbeat: () => (beats += 1) }));
    const ended = expect(kept).rejects.toThrow('enough');
    await history.go(blue, 20);
    while ((await readBacklog(blue)) > 0 || beats === 0) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort(new Error('enough'));
    await ended;
    const { rows } = await green.query(
      `SELECT 1 FROM pg_stat_activity WHERE usename ~ '^sync_of_' AND datname = current_database()`,
    );
    expect(rows).toEqual([]);
  });

  it('has gateways ask green what clients ask of blue after its rounds, and none any more once it is cancelled', async () => {
    const orders: ShadowOrder[] = [];
    const shadow = (order: ShadowOrder) => Promise.resolve(void orders.push(order));
    const gateways = [
      { name: 'one', shadow },
      { name: 'one that hangs', shadow: () => new Promise(() => undefined) },
    ] as unknown as Gateway[];
    const settings = { ...deps().settings, shadow: { requestsPerSecondMax: 7, rampMs: 5 } };
    const cancel = new AbortController();
    const context = stepContext({ signal: cancel.signal });
    const ended = expect(keepInSync(deps({ settings, gateways }), following(), context)).rejects.toThrow('enough');
    while (orders.length === 0) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort(new Error('enough'));
    await ended;
    const { hydraVersion } = settings;
    const order = { cutoverId: world.cutoverId, hydraVersion, rampMs: 5, requestsPerSecondMax: 7, leaseMs: 60_000 };
    expect(orders[0]).toEqual(order);
    expect(orders.at(-1)).toEqual({ ...order, requestsPerSecondMax: 0 });
  });

  it('undoes nothing for a context that nobody can store, and waits for claims that only a person can correct', async () => {
    const grant = await answeredGrant();
    await blue.query(
      `UPDATE hydra_oauth2_authentication_request_handled SET context = '{"cut":"\\ud83d","n":1e999999' WHERE challenge = $1`,
      [grant.login],
    );
    expect(await keepInSync(deps(), following(0), stepContext())).toMatchObject({ backlog: 0 });
    const claims = 'UPDATE hydra_oauth2_consent_request_handled SET session_id_token = $2 WHERE challenge = $1';
    await blue.query(claims, [grant.consent, '{"no":']);
    const cancel = new AbortController();
    const beats: Readonly<Record<string, unknown>>[] = [];
    const context = stepContext({ signal: cancel.signal, heartbeat: (beat) => beats.push(beat) });
    const ended = expect(keepInSync(deps(), following(), context)).rejects.toThrow('enough');
    while (beats.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(beats[0]).toMatchObject({ step: 'waits for a row of blue' });
    expect(beats[0]?.['reason']).toContain(`consents on blue: ${grant.consent}`);
    expect(JSON.stringify(beats[0])).not.toContain('{"no":');
    expect(await readBacklog(blue)).toBeGreaterThan(0);
    await blue.query(claims, [grant.consent, '{"yes":1}']);
    while ((await readBacklog(blue)) > 0) await new Promise((resolve) => setImmediate(resolve));
    cancel.abort(new Error('enough'));
    await ended;
  });

  it('is fenced by a switchover that takes the sync over', async () => {
    let beats = 0;
    const kept = keepInSync(deps(), following(), stepContext({ heartbeat: () => (beats += 1) }));
    const ended = expect(kept).rejects.toMatchObject({ code: 'SYNC_FENCED' });
    while (beats === 0) await new Promise((resolve) => setImmediate(resolve));
    const session = await world.connect('blue');
    const backendPid = 0;
    const sync = await openSync(deps(), input(), { query: (text, values) => session.query(text, values), backendPid });
    await ended;
    await history.rotateKey(blue);
    expect(await sync.round({})).toMatchObject({ backlog: 0 });
    await sync.close();
    await sync.close();
    await session.end();
  });
});

describe('gatherEvidence', () => {
  it('proves a canary through to green, compares what changed, and finds no problem when there is none', async () => {
    await history.go(blue, 20);
    const evidence = await gatherEvidence(deps(), input(), stepContext());
    expect(evidence).toMatchObject({ backlog: 0, problems: [], requestsPerSecond: null, parity: { differences: 0 } });
    expect(evidence.parity.rows).toBeGreaterThan(10);
    expect(evidence.canaryMs).toBeGreaterThan(0);
    expect(evidence.predictedPauseMs).toBeGreaterThanOrEqual(150);
    const large = await gatherEvidence(deps({}, { changeLogBytesMax: 1 }), input(), stepContext());
    expect(large.problems).toEqual([expect.stringContaining('the change log takes') as string]);
  });

  it('shows how busy both sides are, and says where that is not known', async () => {
    const seconds = { blue: 0, green: 0 };
    const hydra = {
      ...AGREEING_HYDRAS,
      metrics: (side: 'blue' | 'green') => {
        if (side === 'green') return Promise.reject(new Error('no metrics'));
        seconds.blue += 10;
        return Promise.resolve({ cpuSeconds: seconds.blue });
      },
    };
    const { load = [] } = await gatherEvidence(deps({ hydra } as never), input(), stepContext());
    expect(load).toEqual([
      expect.stringMatching(/^blue: CPU [1-9]\d* % of one core, \d+ connections of Hydra$/),
      expect.stringMatching(/^green: CPU unknown of one core, \d+ connections of Hydra$/),
    ]);
  });

  it('carries a table that was rewritten, which is no problem then', async () => {
    await blue.query(`ALTER TABLE hydra_client ALTER COLUMN client_name TYPE text USING 'rewritten'`);
    expect(await gatherEvidence(deps(), input(), stepContext())).toMatchObject({ backlog: 0, problems: [] });
    const { rows } = await green.query('SELECT DISTINCT client_name AS name FROM hydra_client');
    expect(rows).toEqual([{ name: 'rewritten' }]);
  });

  it('asks with how many rows wait to be corrected on blue, and measures nothing until they are', async () => {
    const grant = await answeredGrant();
    const claims = 'UPDATE hydra_oauth2_consent_request_handled SET session_id_token = $2 WHERE challenge = $1';
    await blue.query(claims, [grant.consent, '{"no":']);
    const evidence = await gatherEvidence(deps(), input(), stepContext());
    expect(evidence).toMatchObject({ canaryMs: null, predictedPauseMs: null, lastRoundMs: null });
    expect(evidence.backlog).toBeGreaterThan(0);
    expect(evidence.problems).toEqual([expect.stringContaining('at least 1 rows of blue wait') as string]);
    expect(evidence.problems[0]).toContain(grant.consent);
    await blue.query(claims, [grant.consent, '']);
    expect(await gatherEvidence(deps(), input(), stepContext())).toMatchObject({ backlog: 0, problems: [] });
  });

  it('asks both Hydras while green is closed, again once what changed is carried, and names the client that differs', async () => {
    const settings = { ...deps().settings, validation: { subjects: 0, clients: 1_000, syntheticLogin: true } };
    let looks = 0;
    const tokens = { accessToken: 'secret-access', refreshToken: 'secret-refresh' };
    const hydra = {
      ...AGREEING_HYDRAS,
      client: (side: string, id: string) =>
        Promise.resolve({ client_id: id, scope: side === 'green' ? 'less' : 'all' }),
      // Differs until the second look.
      trustedIssuers: (side: string) =>
        Promise.resolve(new Map(side === 'green' && looks++ === 0 ? [['issuer', { issuer: 'gone' }]] : [])),
      withSyntheticTokens: (_side: string, work: (all: typeof tokens) => unknown) => work(tokens),
      introspection: (side: string) => Promise.resolve({ active: side === 'blue' }),
      userinfo: () => Promise.resolve({ sub: 'x' }),
    } as unknown as StepDeps['hydra'];
    const { answers, problems } = await gatherEvidence(deps({ hydra, settings }), input(), stepContext());
    const { rows } = await green.query<{ id: string }>('SELECT id FROM hydra_client');
    expect(looks).toBe(2);
    expect(answers?.asked).toEqual(
      expect.arrayContaining([
        { question: 'discovery', asked: 1, differing: 0 },
        { question: 'trusted_issuer', asked: 1, differing: 0 },
        { question: 'client', asked: rows.length, differing: rows.length },
        { question: 'introspection', asked: 2, differing: 2 },
        { question: 'userinfo', asked: 1, differing: 0 },
      ]),
    );
    expect(rows.map(({ id }) => id)).toContain(answers?.findings[0]?.about);
    expect(answers?.findings.length).toBeLessThanOrEqual(20);
    expect(problems).toEqual([`${rows.length + 2} answers of Hydra on green are not those of blue`]);
    expect(JSON.stringify(answers)).not.toContain('secret-');
  });

  it('names all problems at once', async () => {
    const gateway = {
      ...{ name: 'edge', read: () => Promise.resolve(VIEW) },
      state: () =>
        Promise.resolve({
          ...{ mode: 'hold', protocol: GATEWAY_PROTOCOL, ready: { blue: true, green: false }, features: [] },
          member: { id: randomUUID(), isAlive: false },
        }),
    } as unknown as Gateway;
    await blue.query(`SELECT hydra_cutover.beat_member($1::uuid, 'edge-9', 60000, 0, 0)`, [randomUUID()]);
    const target = { name: 'resource', read: () => Promise.reject(new Error('secret')) } as unknown as Target;
    const long = await world.connect('blue');
    await long.query('BEGIN');
    await long.query('SELECT pg_current_xact_id(), pg_sleep(2.1)');
    await green.query('ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_guard');
    await green.query(`UPDATE hydra_client SET client_name = 'wrong'`);
    await history.editClient(blue);
    await catchUp(deps(), input(), stepContext());
    await green.query(`UPDATE hydra_client SET client_name = 'wrong'`);
    const { problems } = await gatherEvidence(deps({ gateways: [gateway], targets: [target] }), input(), stepContext());
    await long.end();
    await blue.query('DELETE FROM hydra_cutover.member');
    await green.query('ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_guard');
    expect(problems).toEqual(
      [
        /guards on green: hydra_client/,
        /open for/,
        /edge is in mode hold/,
        /Hydra on green ready/,
        /resource: could not/,
        /edge does not reach blue's arbiter/,
        /edge-9 may forward to blue and is none of those listed/,
        /rows of green differ/,
      ].map((text) => expect.stringMatching(text) as string),
    );
  });
});
