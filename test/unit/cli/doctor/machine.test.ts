import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dependenciesCheck } from '../../../../cli/doctor/machine/dependencies';
import { memoryCheck } from '../../../../cli/doctor/machine/memory';
import { nodeVersionCheck } from '../../../../cli/doctor/machine/node-version';
import { worldDoctorChecks } from '../../../../world/cli/doctor-checks';

const { signal } = new AbortController();

describe('the checks of this machine', () => {
  it.each([
    ['22.22.0', 'ok'],
    ['24.13.1', 'ok'],
    ['22.9.0', 'fail'],
    ['20.20.2', 'fail'],
    ['23.99.0', 'fail'],
    ['26.0.0', 'fail'],
  ])('judge Node.js %s as %s', async (version, status) => {
    expect((await nodeVersionCheck(version).run(signal)).status).toBe(status);
  });

  it.each([
    [512, 'fail'],
    [2_000, 'warn'],
    [8_000, 'ok'],
  ])('judge %d MiB of memory as %s', async (mebibytes, status) => {
    expect((await memoryCheck(() => mebibytes * 1024 * 1024).run(signal)).status).toBe(status);
  });

  it('find memory and packages of the machine that runs this test', async () => {
    expect((await memoryCheck().run(signal)).summary).toMatch(/^\d+ MiB available/);
    expect((await dependenciesCheck().run(signal)).status).toBe('ok');
    expect(await dependenciesCheck('/nowhere').run(signal)).toMatchObject({
      status: 'fail',
      fix: 'npm ci, without --omit=dev',
    });
  });

  it('name what to install when go and python3 are missing and nothing is built', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
    const env = { PATH: folder, HYDRA_CUTOVER_CACHE: join(folder, 'cache'), HOME: folder };
    const checks = worldDoctorChecks(env);
    const outcome = (id: string) => checks.find((check) => check.id === id)?.run(signal);
    expect(await outcome('go')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('go is not installed') as string,
    });
    expect(await outcome('python-pip')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('apt-get') as string,
    });
    expect(await outcome('hydra-2-3-0')).toMatchObject({ status: 'info' });
    expect(await outcome('cache')).toMatchObject({ status: 'ok' });
    rmSync(folder, { recursive: true });
  });

  it('refuse a cache that cannot be written, and one that is named by a relative path', async () => {
    const outcome = async (cache: string) => {
      const check = worldDoctorChecks({ ...process.env, HYDRA_CUTOVER_CACHE: cache }).find(({ id }) => id === 'cache');
      return check?.run(signal);
    };
    const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
    const file = join(folder, 'file');
    writeFileSync(file, '', { mode: 0o755 });
    // Servers of root run under another uid, which must get to the cache.
    chmodSync(folder, 0o755);
    expect(await outcome(join(file, 'cache'))).toMatchObject({ status: 'fail' });
    expect(await outcome(join(folder, 'new'))).toMatchObject({ status: 'ok' });
    rmSync(folder, { recursive: true });
    const relative = await outcome('relative');
    expect(relative).toMatchObject({ status: 'fail', summary: expect.stringContaining('absolute path') as string });
  });
});
