import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate, type SelfsignedOptions } from 'selfsigned';
import { postgresConnectionCheck } from '../../../../cli/doctor/checks/postgres-connection';
import { type CheckOutcome } from '../../../../cli/doctor/check';
import { inspectConfig } from '../../../../config/load';
import { freePort } from '../../../../world/net/free-port';
import { initCluster, postgresCommand } from '../../../../world/toolchain/postgres-cluster';
import { resolvePostgres } from '../../../../world/toolchain';

let folder = '';
let port = 0;
let server: ChildProcess;
let certificate = '';
let otherCertificate = '';

/** A server whose certificate names `localhost`, and not its address. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'));
  chmodSync(folder, 0o755);
  port = await freePort();
  const installation = await resolvePostgres(15);
  const dataDir = join(folder, 'data');
  await initCluster({ installation, dataDir, superuser: 'admin', password: 'secret' });
  const options: SelfsignedOptions = {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  };
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], options);
  certificate = pair.cert;
  otherCertificate = (await generate([{ name: 'commonName', value: 'other' }], options)).cert;
  for (const [name, text] of [
    ['server.crt', pair.cert],
    ['server.key', pair.private],
  ] as const) {
    writeFileSync(join(dataDir, name), text, { mode: 0o600 });
    if (installation.runAs) chownSync(join(dataDir, name), installation.runAs.uid, installation.runAs.gid);
  }
  const command = postgresCommand({ installation, dataDir, port, settings: { ssl: 'on', fsync: 'off' } });
  const { runAs } = command;
  server = spawn(command.command, [...command.args], { cwd: command.cwd, env: command.env, stdio: 'ignore', ...runAs });
  while ((await check('localhost', 'require')).status !== 'ok') {
    if (server.exitCode !== null) throw new Error(`the server ended with exit code ${server.exitCode}`);
    await sleep(50);
  }
});

afterAll(async () => {
  const gone = once(server, 'exit');
  server.kill('SIGQUIT');
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

async function check(host: string, mode: string, ca?: string, production = false): Promise<CheckOutcome> {
  const side = (version: string, name: string) => ({
    hydraVersion: version,
    publicUrl: `http://${name}.invalid`,
    adminUrl: `http://${name}a.invalid`,
    database: { host: name, name: 'postgres', user: 'admin' },
  });
  const config = {
    environment: { name: 'test', production },
    blue: {
      ...side('1.11.10', 'blue'),
      database: {
        host,
        port,
        name: 'postgres',
        user: 'admin',
        password: '${env:P}',
        ssl: { mode, ...(ca ? { ca } : {}) },
      },
    },
    green: side('2.3.0', 'green'),
  };
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const inspection = inspectConfig({ file, env: { P: 'secret' } });
  if ('fault' in inspection) throw inspection.fault;
  return postgresConnectionCheck(inspection.config, 'blue').run(AbortSignal.timeout(60_000));
}

describe('the TLS modes of a database', () => {
  it('verify-full takes a certificate of a trusted CA for this host, and no other', async () => {
    expect(await check('localhost', 'verify-full', certificate)).toMatchObject({ status: 'ok' });
    for (const outcome of [
      await check('127.0.0.1', 'verify-full', certificate),
      await check('localhost', 'verify-full', otherCertificate),
      await check('localhost', 'verify-full'),
    ]) {
      expect(outcome).toMatchObject({ status: 'fail', summary: expect.stringContaining('does not verify') as string });
    }
  });

  it('verify-ca takes a certificate of a trusted CA for any host', async () => {
    expect(await check('127.0.0.1', 'verify-ca', certificate)).toMatchObject({ status: 'ok' });
    expect(await check('127.0.0.1', 'verify-ca', otherCertificate)).toMatchObject({ status: 'fail' });
  });

  it('require takes any certificate, and is a warning in production', async () => {
    expect(await check('127.0.0.1', 'require')).toMatchObject({ status: 'ok' });
    expect(await check('127.0.0.1', 'require', undefined, true)).toMatchObject({ status: 'warn' });
  });
});
