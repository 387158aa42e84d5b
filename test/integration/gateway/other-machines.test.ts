import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { GatewayHome } from '../../unit/gateway/support/gateway-process';
import { startUpstream } from '../../unit/gateway/support/sockets';
import { TEST_TOKEN, testConfig } from '../../unit/gateway/support/test-gateway';
import { authority, type Authority } from '../../support/authority';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..', '..');

describe('a gateway that other machines reach', () => {
  let home: GatewayHome;
  let ours: Authority;
  let others: Authority;
  beforeEach(async () => {
    home = await GatewayHome.create();
    [ours, others] = [await authority(), await authority()];
    const server = await ours.issue('127.0.0.1');
    await writeFile(join(home.folder, 'cert.pem'), server.cert);
    await writeFile(join(home.folder, 'key.pem'), server.key);
    await writeFile(join(home.folder, 'ca.pem'), ours.cert);
  });
  afterEach(() => home.close());

  const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
  const secure = (more: object = {}) => ({
    public: { port: 0, tls },
    admin: { port: 0, tls },
    control: { port: 0, tls: { ...tls, ...more } },
    status: { port: 0 },
  });

  it('is called over TLS by a worker that knows its authority, and by no other', async () => {
    const gateway = await home.start({ config: { listeners: secure() } });
    expect([gateway.publicUrl, gateway.controlUrl].filter((url) => url.startsWith('https:'))).toHaveLength(2);
    const address = { name: 'gateway', controlUrl: gateway.controlUrl, token: () => TEST_TOKEN };
    for (const [ca, outcome] of [
      [ours.cert, { mode: 'pass' }],
      [others.cert, 'TARGET_UNREACHABLE'],
    ] as const) {
      const client = new HttpGateway({ ...address, ca });
      const seen = await client.state().catch((error: { code: string }) => error.code);
      if (typeof outcome === 'string') expect(seen).toBe(outcome);
      else expect(seen).toMatchObject(outcome);
      await client.close();
    }
    const { status, body } = await plain(`${gateway.statusUrl}/health/ready`);
    expect([status, body]).toEqual([200, expect.stringContaining('"pass"')]);
    expect((await plain(`${gateway.statusUrl}/metrics`)).body).toContain('gateway_epoch 0');
    expect((await plain(`${gateway.statusUrl}/state`)).status).toBe(404);
  });

  it('lets only those change it who show a certificate, where it asks for one', async () => {
    const gateway = await home.start({ config: { listeners: secure({ clientCaFile: 'ca.pem' }) } });
    const address = { name: 'gateway', controlUrl: gateway.controlUrl, token: () => TEST_TOKEN, ca: ours.cert };
    const stateFor = async (shown?: { cert: string; key: string }) => {
      const clientCertificate = shown && { cert: shown.cert, key: () => shown.key };
      const client = new HttpGateway({ ...address, clientCertificate });
      const seen = await client.state().catch((error: { code: string }) => error.code);
      await client.close();
      return seen;
    };
    expect(await stateFor(await ours.issue('worker'))).toMatchObject({ mode: 'pass' });
    expect(await stateFor()).toBe('TARGET_UNREACHABLE');
    expect(await stateFor(await others.issue('worker'))).toBe('TARGET_UNREACHABLE');
  });

  it('takes calls of the admin API over TLS, and only of those with a certificate where it asks for one', async () => {
    const answering = await startUpstream((request, response) => {
      request.resume().on('end', () => response.end(`asked for ${request.url}`));
    });
    const listeners = { ...secure(), admin: { port: 0, tls: { ...tls, clientCaFile: 'ca.pem' } } };
    const gateway = await home.start({ blue: answering.url, config: { listeners } });
    const asked = (shown?: { cert: string; key: string }) =>
      new Promise<string>((resolve) => {
        const url = new URL('/clients/a', gateway.adminUrl);
        request(url, { ca: ours.cert, agent: false, ...shown }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve(text));
        })
          .on('error', () => resolve('no answer'))
          .end();
      });
    const { cert, key } = await ours.issue('login-app');
    expect(gateway.adminUrl).toMatch(/^https:/);
    expect(await asked({ cert, key })).toBe('asked for /clients/a');
    expect(await asked()).toBe('no answer');
    const stranger = await others.issue('login-app');
    expect(await asked({ cert: stranger.cert, key: stranger.key })).toBe('no answer');
    await answering.close();
  });

  it('takes a renewed certificate at SIGHUP, and keeps the old one when the new one is none', async () => {
    const gateway = await home.start({ config: { listeners: secure() } });
    const before = await fingerprint(gateway.publicUrl);
    await writeFile(join(home.folder, 'cert.pem'), 'no certificate');
    process.kill(gateway.pid, 'SIGHUP');
    const renewed = await ours.issue('127.0.0.1');
    expect(await fingerprint(gateway.publicUrl)).toBe(before);
    await writeFile(join(home.folder, 'key.pem'), renewed.key);
    await writeFile(join(home.folder, 'cert.pem'), renewed.cert);
    process.kill(gateway.pid, 'SIGHUP');
    let now = before;
    while (now === before) now = await fingerprint(gateway.publicUrl);
    expect(now).toBe(ours.fingerprintOf(renewed.cert));
    expect(await fingerprint(gateway.controlUrl)).toBe(now);
  });

  it('is one of two that two workers hold and flip from other network namespaces, at addresses that are no loopback', async () => {
    const { folder } = home;
    for (const [name, host] of [
      ['first', '10.77.0.2'],
      ['second', '10.77.0.3'],
    ] as const) {
      const own = join(folder, name);
      await mkdir(own);
      const server = await ours.issue(host);
      await writeFile(join(own, 'cert.pem'), server.cert);
      await writeFile(join(own, 'key.pem'), server.key);
      const listeners = {
        public: { host, port: 4450, tls },
        admin: { host, port: 4451, tls },
        control: { host, port: 4452, tls },
        status: { host, port: 4453 },
      };
      await writeFile(join(own, 'gateway.yaml'), JSON.stringify(testConfig(own, { config: { listeners } })));
    }
    const script = join(ROOT, 'test', 'support', 'two-namespaces.sh');
    const inOwnNetwork = ['--map-root-user', '--net', 'bash', script, ROOT, folder, process.execPath];
    const { stdout } = await run('unshare', inOwnNetwork, {
      env: { ...process.env, GATEWAY_CONTROL_TOKEN: TEST_TOKEN },
      timeout: 120_000,
    });
    const both = (mode: string, epoch: number) =>
      ['10.77.0.2', '10.77.0.3'].map((host) => ({ host, mode, epoch, ready: 200 }));
    const heard = stdout.trim().split('\n');
    expect(heard.map((line) => JSON.parse(line) as unknown)).toEqual([both('hold', 0), both('pass', 1)]);
  });
});

async function plain(url: string): Promise<{ status: number; body: string }> {
  const response = await fetch(url, { headers: { Connection: 'close' } });
  return { status: response.status, body: await response.text() };
}

function fingerprint(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      const socket = response.socket as TLSSocket;
      resolve(socket.getPeerCertificate().fingerprint256);
    });
    call.on('error', reject).end();
  });
}
