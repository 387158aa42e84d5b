import { execFile } from 'node:child_process';
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { authority } from '../../support/authority';
import { GatewayHome } from '../../unit/gateway/support/gateway-process';
import { TEST_TOKEN, testConfig } from '../../unit/gateway/support/test-gateway';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..', '..');
const MAIN = ['--require', require.resolve('tsx/cjs'), join(ROOT, 'gateway', 'main.ts')];

describe('the secrets of a gateway', () => {
  let home: GatewayHome;
  beforeEach(async () => (home = await GatewayHome.create()));
  afterEach(() => home.close());

  const program = (args: readonly string[], environment: NodeJS.ProcessEnv) =>
    run(process.execPath, [...MAIN, ...args], { env: { PATH: process.env['PATH'], ...environment } }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it('are read from files, and again while it runs: the old token is refused from then on', async () => {
    const file = join(home.folder, 'token');
    await writeFile(file, `${TEST_TOKEN}\n`);
    const environment = { GATEWAY_CONTROL_TOKEN: undefined, GATEWAY_CONTROL_TOKEN_FILE: file };
    const gateway = await home.start({ environment });
    const statusFor = async (token: string) => {
      const headers = { Authorization: `Bearer ${token}`, Connection: 'close' };
      return (await fetch(`${gateway.controlUrl}/state`, { headers })).status;
    };
    expect([await statusFor(TEST_TOKEN), await statusFor('another-token-of-16')]).toEqual([200, 401]);
    await writeFile(file, 'short');
    process.kill(gateway.pid, 'SIGHUP');
    await writeFile(file, 'another-token-of-16');
    // As after a renewal by Kubernetes: nobody sends a signal.
    await utimes(file, 1, 1);
    while ((await statusFor('another-token-of-16')) !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await statusFor(TEST_TOKEN)).toBe(401);
  });

  it('are renewed whatever became of a certificate, which stays as it was', async () => {
    const ours = await authority();
    const server = await ours.issue('127.0.0.1');
    const files = { token: TEST_TOKEN, 'cert.pem': server.cert, 'key.pem': server.key };
    for (const [name, text] of Object.entries(files)) await writeFile(join(home.folder, name), text);
    const listeners = {
      public: { port: 0, tls: { certFile: 'cert.pem', keyFile: 'key.pem' } },
      ...{ admin: { port: 0 }, control: { port: 0 } },
    };
    const token = join(home.folder, 'token');
    const environment = { GATEWAY_CONTROL_TOKEN: undefined, GATEWAY_CONTROL_TOKEN_FILE: token };
    const gateway = await home.start({ config: { listeners }, environment });
    await writeFile(join(home.folder, 'cert.pem'), 'half of a certificate');
    await writeFile(token, 'another-token-of-16');
    process.kill(gateway.pid, 'SIGHUP');
    const headers = { Authorization: 'Bearer another-token-of-16', Connection: 'close' };
    for (let status = 0; status !== 200;) ({ status } = await fetch(`${gateway.controlUrl}/state`, { headers }));
    const seen = await new Promise<string>((resolve, reject) => {
      const socket = connect({ port: gateway.publicPort, ca: ours.cert, host: '127.0.0.1' }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      }).on('error', reject);
    });
    expect(seen).toBe(ours.fingerprintOf(server.cert));
  });

  it('never hold a root key of Hydra: a verb derives what is needed, into a file of its owner', async () => {
    const out = join(home.folder, 'cookie-keys');
    const made = await program(['cookie-keys', '--out', out], { SECRETS_SYSTEM: 'the-system-secret,an-older-one' });
    expect(made).toMatchObject({ code: 0, stdout: '' });
    const line = await readFile(out, 'utf8');
    expect(line).toMatch(/^[\w-]{43}\n$/);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await program(['cookie-keys'], {})).code).toBe(2);
    const again = await program(['flow-keys', '--out', out], { SECRETS_SYSTEM: 'another-system-secret' });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/USAGE: --out: EEXIST/) as string });
    expect(await readFile(out, 'utf8')).toBe(line);
    const config = join(home.folder, 'config.yaml');
    const settings = testConfig(home.folder, { config: { sessionCookies: { translate: true } } });
    await writeFile(config, JSON.stringify(settings));
    const token = { GATEWAY_CONTROL_TOKEN: TEST_TOKEN };
    const good = await program(['--config', config, '--check'], { ...token, GATEWAY_COOKIE_KEYS_FILE: out });
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('are good') as string });
    const bad = await program(['--config', config, '--check'], {
      ...token,
      GATEWAY_SECRETS_SYSTEM: 'the-system-secret',
    });
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/GATEWAY_SECRETS_SYSTEM.*cookie-keys/) as string,
    });
    expect(bad.stderr).not.toContain('the-system-secret');
    expect((await program(['--help'], {})).stdout).toContain('cookie-keys [--out FILE]');
  });
});
