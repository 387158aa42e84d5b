import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../../world/net/free-port';
import { type TrafficConfigInput, type TrafficReport, type Verdict } from '../../../../world/traffic';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';
import { ask, ServiceProcess } from '../../../support/service-process';
import { until } from '../../../support/until';

const PASSWORD = 'one for all';
const database = useDatabase('hydra_1_11_10');
const loginApp = new ServiceProcess('world/login-app/main.ts');
const traffic: ServiceProcess = new ServiceProcess('world/traffic/main.ts', () => ({
  TRAFFIC_CONTROL_TOKEN: traffic.token,
}));
const reportFile = join(traffic.folder, 'report.json');
let hydra: TestHydra;

beforeAll(async () => {
  const port = await freePort();
  hydra = await startHydra({
    version: '1.11.10',
    database: database.config,
    loginAppUrl: `http://127.0.0.1:${port}`,
    extra: {
      OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
      OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a salt for tests',
    },
  });
  await loginApp.configure({
    listen: { port },
    hydra: { adminUrl: hydra.adminUrl, apiGeneration: 1 },
    hydraPublicUrl: hydra.issuer,
    hydraDeadlineMs: 60_000,
    password: PASSWORD,
  });
  await loginApp.start();
});

afterAll(async () => {
  await traffic.dispose();
  await loginApp.dispose();
  await hydra.stop();
});

const config = (): TrafficConfigInput => ({
  publicUrl: hydra.publicUrl,
  adminUrl: hydra.adminUrl,
  issuer: hydra.issuer,
  forwardedProto: true,
  loginApp: { kind: 'pages', password: PASSWORD },
  ratePerSecond: 40,
  actors: 12,
  seed: 3,
  reportFile,
});

const stats = async () => (await traffic.control('GET', '/stats')).json as TrafficReport;

/** So many requests are answered: enough of them make a promise of every kind. */
async function answered(requests: number): Promise<void> {
  await until(`${requests} requests`, async () => (await stats()).traffic.requests >= requests, { everyMs: 200 });
}

it('finds nothing in 800 requests over the real login pages with a check in the middle, and reports no token', async () => {
  await traffic.configure(config());
  await traffic.start();
  await answered(400);
  const during = (await traffic.control('POST', '/check')).json as Verdict;
  expect(during).toMatchObject({ clean: true, findingsByName: {}, unobserved: 0 });
  await answered(800);
  expect((await traffic.control('POST', '/rate', { ratePerSecond: 0 })).json).toEqual({ ratePerSecond: 0 });
  expect(await stats()).toMatchObject({ schemaVersion: 1, ratePerSecondWanted: 0 });
  const end = await traffic.stop('SIGTERM');
  expect(end).toMatchObject({ code: 0, signal: null });
  const text = await readFile(reportFile, 'utf8');
  const report = JSON.parse(text) as TrafficReport;
  expect(report.traffic.failures).toEqual([]);
  expect(report.generator.defects).toBe(0);
  expect(report.verdict).toMatchObject({ clean: true, findingsByName: {}, unobserved: 0, pinned: 0 });
  expect(Object.entries(report.verdict?.checkedByKind ?? {}).filter(([, count]) => count === 0)).toEqual([]);
  // Opaque tokens, codes and challenges are longer than anything that belongs here.
  for (const said of [text, end.stderr]) expect(said).not.toMatch(/[\w-]{43}|[\w-]{20}\.[\w-]{20}/);
});

it('answers control calls only with the token, and refuses what it does not understand', async () => {
  await traffic.configure({ ...config(), ratePerSecond: 0, actors: 1, check: { atEnd: false } });
  await traffic.start();
  const rate = `${traffic.controlUrl}/rate`;
  expect((await ask('POST', `${traffic.controlUrl}/stop`)).status).toBe(401);
  expect((await ask('POST', rate, { authorization: 'Bearer wrong' }, { ratePerSecond: 1 })).status).toBe(401);
  for (const body of ['{', '{}', '{"ratePerSecond":-1}', '{"ratePerSecond":"9"}', `"${'x'.repeat(100_000)}"`]) {
    expect((await traffic.control('POST', '/rate', body)).status).toBe(400);
  }
  expect((await traffic.control('GET', '/nothing')).status).toBe(404);
  expect((await traffic.control('POST', '/stop')).status).toBe(202);
  expect((await traffic.waitForEnd()).code).toBe(0);
});

it.each([
  ['no JSON', '{', 'not JSON'],
  ['two problems', { publicUrl: 'ftp://x', adminUrl: 7, loginApp: { kind: 'admin' } }, 'adminUrl'],
])('refuses a config with %s before it sends anything', async (_, bad, word) => {
  await traffic.configure(bad);
  const end = await traffic.run(['--config', traffic.configFile]);
  expect(end.code).toBe(2);
  expect(end.stderr).toContain(word);
});

it('ends with a fault when Hydra does not answer', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  await traffic.configure({ ...config(), publicUrl: nobody, adminUrl: nobody });
  const end = await traffic.run(['--config', traffic.configFile]);
  expect(end.code).toBe(6);
  expect(end.stderr).toContain('ECONNREFUSED');
});
