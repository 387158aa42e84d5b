import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { shadowLines, type ShadowView } from '../../../domain/shadow';
import { applyRules } from '../../../hydra/cleaning';
import { repairStates } from '../../../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { adminLoginApp, createOauthClient, grantTokens, OauthHttp } from '../../../world/oauth';
import { asAdmin, useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { sharedServers } from '../../support/shared-servers';
import { useParts } from '../../unit/gateway/support/fixture';
import { type TestGateway } from '../../unit/gateway/support/test-gateway';
import { PATH } from '../../support/path';

const SUBJECTS = ['ann', 'bob', 'cleo'];
const LOGIN_APP = 'http://127.0.0.1:9';
const ISSUER = 'https://127.0.0.1:4444/';
const ORDER = {
  cutoverId: 'c1',
  hydraVersion: { blue: PATH.from, green: PATH.to },
  ...{ rampMs: 0, requestsPerSecondMax: 1_000, leaseMs: 60_000 },
};

const database = useDatabase('hydra_1_11_10');
const copies = { vendor: `${database.config.database}_vendor`, ours: `${database.config.database}_ours` };
const tokens = new Map<string, string>();
const clientOf: { id: string } = { id: '' };
let blue: TestHydra;
let greens: Record<keyof typeof copies, TestHydra>;

const start = (version: TestHydra['version'], name: string) =>
  startHydra({ version, database: { ...database.config, database: name }, loginAppUrl: LOGIN_APP, issuer: ISSUER });

/** Users sign on at a real 1.11.10; one copy goes through the vendor's migration alone, the other is cleaned and repaired. */
beforeAll(async () => {
  blue = await start('1.11.10', database.config.database);
  const http = new OauthHttp(blue, { forwardedProto: true });
  const client = await createOauthClient(http);
  clientOf.id = client.id;
  for (const subject of SUBJECTS) {
    const grant = await grantTokens(http, { client, loginApp: adminLoginApp(http, { subject, remember: true }) });
    tokens.set(subject, grant.tokens.accessToken);
  }
  await http.close();
  await blue.stop();
  const { host, port, user, password } = database.config;
  for (const [kind, name] of Object.entries(copies)) {
    await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${database.config.database}`);
    const admin = new Client({ ...database.config, database: name });
    await admin.connect();
    if (kind === 'ours') await applyRules(PATH, admin, { asOf: new Date().toISOString(), archiveSchema: 'cleaned' });
    const DSN = `postgres://${user}:${password}@${host}:${port}/${name}?sslmode=disable`;
    const env = { PATH: process.env['PATH'], DSN, SQA_OPT_OUT: 'true' };
    await promisify(execFile)(sharedServers().binaries.hydra230, ['migrate', 'sql', 'up', '-e', '-y'], { env });
    if (kind === 'ours') await repairStates(admin);
    await admin.end();
  }
  const [again, vendor, ours] = await Promise.all([
    start('1.11.10', database.config.database),
    start('2.3.0', copies.vendor),
    start('2.3.0', copies.ours),
  ]);
  [blue, greens] = [again, { vendor, ours }];
});
afterAll(async () => {
  await Promise.all([blue, greens.vendor, greens.ours].map((hydra) => hydra.stop()));
  for (const name of Object.values(copies)) await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
});

describe('answers of a green that nobody uses yet', () => {
  const parts = useParts();

  async function front(green: TestHydra): Promise<TestGateway> {
    const side = ({ publicUrl, adminUrl }: TestHydra, apiGeneration: 1 | 2) => ({ publicUrl, adminUrl, apiGeneration });
    return parts.gateway({ config: { sides: { blue: side(blue, 1), green: side(green, 2) } } });
  }
  const order = async (gateway: TestGateway, more: object = {}) => {
    const { status, body } = await gateway.control('PUT', '/shadow', { ...ORDER, ...more });
    expect(status).toBe(200);
    return body as unknown as ShadowView;
  };
  /** Rounds go on until nothing waits any more. */
  const settled = async (gateway: TestGateway, compared: number): Promise<ShadowView> => {
    for (;;) {
      const view = await order(gateway);
      if (view.waiting === 0 && view.compared + view.unanswered >= compared) {
        // What was under way when it was asked for may have come to wait since.
        const again = await order(gateway);
        if (again.waiting === 0) return again;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const headers = { 'X-Forwarded-Proto': 'https', Connection: 'close' };
  /** What dependents ask: every consent list, every token, the client, discovery. @returns how many questions */
  const askAll = async (gateway: TestGateway): Promise<number> => {
    for (const subject of SUBJECTS) {
      const list = await fetch(`${gateway.adminUrl}/oauth2/auth/sessions/consent?subject=${subject}`, { headers });
      expect(await list.json()).toHaveLength(1);
      const body = new URLSearchParams({ token: tokens.get(subject) ?? '' });
      const said = await fetch(`${gateway.adminUrl}/oauth2/introspect`, { method: 'POST', headers, body });
      expect(await said.json()).toMatchObject({ active: true, sub: subject });
      const authorization = `Bearer ${tokens.get(subject)}`;
      const user = await fetch(`${gateway.publicUrl}/userinfo`, { headers: { ...headers, authorization } });
      expect(await user.json()).toMatchObject({ sub: subject });
    }
    await (await fetch(`${gateway.adminUrl}/clients/${clientOf.id}`, { headers })).text();
    await (await fetch(`${gateway.publicUrl}/.well-known/openid-configuration`, { headers })).text();
    return SUBJECTS.length * 3 + 2;
  };

  it('show the published incident before anything is committed, where the migration was left alone', async () => {
    const gateway = await front(greens.vendor);
    await order(gateway);
    const questions = await askAll(gateway);
    const { findings } = await settled(gateway, questions);
    const lists = findings.filter(({ question }) => question === 'consent');
    expect(lists).toHaveLength(SUBJECTS.length);
    expect(new Set(lists.flatMap(({ fields }) => fields))).toEqual(new Set(['(all) lost']));
    expect(shadowLines([await order(gateway)])).toEqual([
      expect.stringMatching(/consent: \(all\) lost \(3 keys, 3 times; for example [0-9a-f]{12}/),
    ]);
    // Blue was asked about each list twice more, which came from no client.
    const metrics = await (await fetch(`${gateway.controlUrl}/metrics`)).text();
    const sent = `gateway_calls_total{side="blue",kind="sessions",state="sent"} ${3 * SUBJECTS.length}`;
    expect(metrics).toContain(sent);
    for (const secret of [...SUBJECTS.map((name) => `subject=${name}`), ...tokens.values()])
      expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it('are what blue says where it was cleaned and repaired; a change that green lacks for a moment is no finding', async () => {
    const gateway = await front(greens.ours);
    await askAll(gateway);
    expect(await gateway.control('GET', '/shadow')).toMatchObject({ body: { compared: 0, share: 0 } });
    await order(gateway);
    const questions = await askAll(gateway);
    expect(await settled(gateway, questions)).toMatchObject({ compared: questions, findings: [], unanswered: 0 });
    const revoke = (base: string) =>
      fetch(`${base}/oauth2/auth/sessions/consent?subject=ann&all=true`, { method: 'DELETE', headers });
    expect((await revoke(blue.adminUrl)).status).toBe(204);
    const list = await fetch(`${gateway.adminUrl}/oauth2/auth/sessions/consent?subject=ann`, { headers });
    expect(await list.json()).toEqual([]);
    for (let view = await order(gateway); view.waiting === 0;) view = await waitingOf(gateway);
    // As a round of the sync would carry it.
    expect((await revoke(`${greens.ours.adminUrl}/admin`)).status).toBe(204);
    expect(await settled(gateway, questions + 1)).toMatchObject({ caughtUp: 1, findings: [] });
  });

  const waitingOf = async (gateway: TestGateway) =>
    (await gateway.control('GET', '/shadow')).body as unknown as ShadowView;
});
