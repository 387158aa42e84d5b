import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../../../world/net/free-port';
import { INSTALLED_POSTGRES_MAJORS, resolvePostgres } from '../../../../world/toolchain';
import { initCluster, postgresCommand, waitUntilAccepting } from '../../../../world/toolchain/postgres-cluster';
import { writeProgram } from './support/sandbox';

const SUPERUSER = 'root_of_all';
const PASSWORD = "pass 'word' \\ % with everything";
const isRoot = process.getuid?.() === 0;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  // As under a world: the servers' uid passes through.
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** SIGINT: fast shutdown. */
async function stop(server: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  if (server.exitCode === null && server.kill('SIGINT')) await ended;
}

describe.each(INSTALLED_POSTGRES_MAJORS)('PostgreSQL %i', (major) => {
  it('runs a cluster with checksums, scram and UTF8 under an unprivileged uid', async () => {
    const installation = await resolvePostgres(major);
    expect(installation.version).toMatch(new RegExp(`^${major}\\.`));
    expect(installation.runAs).toEqual(isRoot ? { uid: 65534, gid: 65534 } : undefined);
    const dataDir = join(folder, 'data');
    await initCluster({ installation, dataDir, superuser: SUPERUSER, password: PASSWORD });
    expect(readdirSync(folder)).toEqual(['data']);
    expect(statSync(dataDir).uid).toBe(isRoot ? 65534 : process.getuid?.());

    const port = await freePort();
    const settings = { max_connections: 17, cluster_name: 'blue db' };
    const { command, args, cwd, env, runAs } = postgresCommand({ installation, dataDir, port, settings });
    const server = spawn(command, [...args], { cwd, env, ...runAs, stdio: 'ignore' });
    try {
      await waitUntilAccepting(port, { user: SUPERUSER, password: PASSWORD });

      const client = new Client({ host: '127.0.0.1', port, user: SUPERUSER, password: PASSWORD, database: 'postgres' });
      await client.connect();
      const show = async (name: string) =>
        (await client.query<{ value: string }>('select current_setting($1) as value', [name])).rows[0]?.value;
      expect(await show('data_checksums')).toBe('on');
      expect(await show('server_encoding')).toBe('UTF8');
      expect(await show('password_encryption')).toBe('scram-sha-256');
      expect(await show('max_connections')).toBe('17');
      expect(await show('cluster_name')).toBe('blue db');
      expect(await show('TimeZone')).toMatch(/UTC/);
      const methods = await client.query<{ auth_method: string }>('select distinct auth_method from pg_hba_file_rules');
      expect(methods.rows).toEqual([{ auth_method: 'scram-sha-256' }]);
      await client.query('create extension pgcrypto');
      await client.end();

      await expect(waitUntilAccepting(port, { user: SUPERUSER, password: 'wrong' })).rejects.toMatchObject({
        code: '28P01',
      });
    } finally {
      await stop(server);
    }
  });
});

describe('initCluster', () => {
  it('refuses a folder with content, in the words of initdb, and leaves it as it was', async () => {
    const installation = await resolvePostgres(15);
    const dataDir = join(folder, 'data');
    await initCluster({ installation, dataDir, superuser: SUPERUSER, password: PASSWORD });
    const before = readdirSync(dataDir);
    await expect(
      initCluster({ installation, dataDir, superuser: SUPERUSER, password: PASSWORD }),
    ).rejects.toMatchObject({ code: 'TOOL_UNUSABLE', message: expect.stringContaining('not empty') as string });
    expect(readdirSync(dataDir)).toEqual(before);
    expect(readdirSync(folder)).toEqual(['data']);
  });

  it.each(['', 'two\nlines'])('refuses the password %j, which a password file cannot hold', async (password) => {
    const installation = await resolvePostgres(15);
    const dataDir = join(folder, 'data');
    await expect(initCluster({ installation, dataDir, superuser: SUPERUSER, password })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('ends initdb when aborted and removes the password file', async () => {
    const installation = await resolvePostgres(15);
    const controller = new AbortController();
    const { signal } = controller;
    const dataDir = join(folder, 'data');
    const created = initCluster({ installation, dataDir, superuser: SUPERUSER, password: PASSWORD, signal });
    const aborted = expect(created).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await aborted;
    expect(readdirSync(folder)).toEqual(['data']);
  });
});

describe('waitUntilAccepting', () => {
  it('gives up with DB_UNREACHABLE when nothing listens', async () => {
    const port = await freePort();
    const wait = waitUntilAccepting(port, { user: 'x', password: 'x', timeoutMs: 100 });
    await expect(wait).rejects.toMatchObject({ code: 'DB_UNREACHABLE', details: { endpoint: `127.0.0.1:${port}` } });
  });

  it('stops when the caller says that the server is dead', async () => {
    const wait = waitUntilAccepting(await freePort(), {
      user: 'x',
      password: 'x',
      signal: AbortSignal.abort(new Error('the server died')),
    });
    await expect(wait).rejects.toThrow('the server died');
  });
});

describe('PG_BIN', () => {
  const fakeBin = (version: string) => {
    for (const program of ['initdb', 'postgres']) {
      writeProgram(join(folder, 'bin', program), `#!/bin/sh\necho "${program} (PostgreSQL) ${version}"\n`);
    }
    return join(folder, 'bin');
  };
  const resolveWith = (binDir: string, progress: (line: string) => void = () => undefined) =>
    resolvePostgres(15, { env: { ...process.env, PG_BIN: binDir }, progress });

  it('is used when it is of the major that is asked for, whatever the minor', async () => {
    const binDir = fakeBin('15.3 (Debian 15.3-1)');
    expect(await resolveWith(binDir)).toMatchObject({ binDir, major: 15, version: '15.3' });
  });

  it('serves the other major only, with a line that says so', async () => {
    const lines: string[] = [];
    const binDir = fakeBin('18.1');
    const installation = await resolveWith(binDir, (line) => lines.push(line));
    expect(installation.binDir).not.toBe(binDir);
    expect(lines[0]).toContain('PG_BIN is PostgreSQL 18.1');
  });

  it.each([
    ['holds an unsupported major', () => fakeBin('12.2'), 'supported are 13, 14, 15, 16, 17, 18'],
    ['does not exist', () => join(folder, 'absent'), 'initdb does not exist'],
    [
      'lacks the server',
      () => {
        rmSync(join(fakeBin('15.3'), 'postgres'));
        return join(folder, 'bin');
      },
      'postgres does not exist',
    ],
    [
      'holds a link to nowhere',
      () => {
        rmSync(join(fakeBin('15.3'), 'initdb'));
        symlinkSync(join(folder, 'absent'), join(folder, 'bin', 'initdb'));
        return join(folder, 'bin');
      },
      'initdb does not exist',
    ],
    [
      'holds a program that may not be executed',
      () => {
        writeFileSync(join(fakeBin('15.3'), 'postgres'), '');
        chmodSync(join(folder, 'bin', 'postgres'), 0o644);
        return join(folder, 'bin');
      },
      'may not be read or executed',
    ],
    [
      'cannot be entered by the uid that runs the servers',
      () => {
        const binDir = fakeBin('15.3');
        // As root that uid is another one, else it is ours.
        chmodSync(dirname(binDir), isRoot ? 0o700 : 0o600);
        return binDir;
      },
      'PG_BIN',
    ],
  ])('is refused when it %s', async (_what, binDir, words) => {
    await expect(resolveWith(binDir())).rejects.toMatchObject({
      code: 'TOOL_UNUSABLE',
      message: expect.stringContaining(words) as string,
      details: { variable: 'PG_BIN' },
    });
    chmodSync(folder, 0o755);
  });
});
