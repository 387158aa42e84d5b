import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { ask, ServiceProcess } from '../../../support/service-process';
import { until } from '../../../support/until';

const initial = { adminUrl: 'http://127.0.0.1:9', apiGeneration: 1 };

describe('a service process', () => {
  const service = new ServiceProcess('world/resource-api/main.ts');
  const good = { stateFile: `${service.folder}/state/target.json`, initial };
  const lastError = async () =>
    ((await ask('GET', `${service.controlUrl}/health/config`)).json as { lastError: { code: string } | null })
      .lastError;

  beforeAll(async () => {
    await service.configure(good);
    await service.start();
  });
  afterAll(() => service.dispose());

  it.each([
    ['world/login-app/main.ts', ['password', 'hydra', 'hydraDeadlineMs']],
    ['world/policy-service/main.ts', ['stateFile', 'initial', 'hydraDeadlineMs']],
    ['world/resource-api/main.ts', ['stateFile', 'initial', 'hydraDeadlineMs']],
  ])('%s ends with 2 and names every problem of a bad config', async (main, keys) => {
    const bad = new ServiceProcess(main, () => ({ POLICY_DATABASE_URL: 'postgres://127.0.0.1:9/x' }));
    await bad.configure({ hydraDeadlineMs: 'soon' });
    const end = await bad.run(['--config', bad.configFile]);
    expect(end.code).toBe(2);
    for (const key of keys) expect(end.stderr).toContain(`${key}: `);
    await bad.dispose();
  });

  it('ends with 2 for a bad command line and without a control token', async () => {
    const tokenless = new ServiceProcess('world/resource-api/main.ts', () => ({ CONTROL_TOKEN: '' }));
    const end = await tokenless.run(['--config', service.configFile]);
    expect([end.code, end.stderr.includes('CONTROL_TOKEN')]).toEqual([2, true]);
    expect((await tokenless.run(['--config'])).code).toBe(2);
    await tokenless.dispose();
  });

  it('keeps its last good config and says so, then recovers', async () => {
    await service.configure({ ...good, introspectionCacheMs: -1 });
    await until('an error is told', async () => (await lastError()) !== null);
    expect(await lastError()).toMatchObject({ code: 'CONFIG_INVALID' });
    await until('the config is refused', () => service.stderr.includes('config refused'));
    expect((await service.get('/resource')).status).toBe(401);
    await service.configure({ ...good, hydraDeadlineMs: 500 });
    service.kill('SIGHUP');
    await until('no error is told', async () => (await lastError()) === null);
  });

  it('follows another Hydra in the file until an epoch is seen', async () => {
    const target = async () => (await service.control('GET', '/target')).json;
    const elsewhere = { ...initial, adminUrl: 'http://127.0.0.1:10' };
    await service.configure({ ...good, initial: elsewhere });
    const applied = (state: object) => ({ applied: { epoch: 0, state } });
    await until('the new target is used', async () => JSON.stringify(await target()).includes(':10'));
    expect(await target()).toMatchObject(applied(elsewhere));
    await service.control('PUT', '/target/staged', { epoch: 1, state: initial });
    await service.configure({ ...good, initial });
    await until('the initial state is not used', () => service.stderr.includes('initial state of the config not used'));
    expect(await target()).toMatchObject(applied(elsewhere));
  });

  it('does not acknowledge an epoch that it cannot keep', async () => {
    rmSync(`${service.folder}/state`, { recursive: true });
    writeFileSync(`${service.folder}/state`, 'a file where the folder was');
    const refused = await service.control('PUT', '/target/staged', { epoch: 2, state: initial });
    expect(refused.status).toBe(500);
    expect((await service.control('GET', '/target')).json).toMatchObject({ highestEpoch: 1 });
    rmSync(`${service.folder}/state`);
    mkdirSync(`${service.folder}/state`);
    expect((await service.control('PUT', '/target/staged', { epoch: 2, state: initial })).status).toBe(200);
  });

  it('ends with 0 on SIGTERM', async () => {
    expect(await service.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('does not start over a damaged state file', async () => {
    writeFileSync(`${service.folder}/state/target.json`, '{"applied":');
    const end = await service.run(['--config', service.configFile]);
    expect(end.code).toBe(3);
    expect(end.stderr).toContain('STATE_UNREADABLE');
  });
});
