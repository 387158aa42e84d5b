import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectConfig } from '../../../config/load';
import { typescriptCommand } from '../../../world/supervisor/typescript-command';
import { ROOT, runCliProcess, runProgram } from './run-program';

const EXAMPLE_SECRETS = {
  BLUE_DB_PASSWORD: 'a',
  BLUE_WORKER_PASSWORD: 'e',
  BLUE_LOOK_PASSWORD: 'l',
  GREEN_DB_PASSWORD: 'b',
  GREEN_HYDRA_PASSWORD: 'c',
  HYDRA_SECRETS_SYSTEM: 'd',
  GATEWAY_TOKEN: 'e',
  POLICY_TOKEN: 'f',
  CONFIG_DB_PASSWORD: 'g',
  ETCD_PASSWORD: 'h',
  CANARY_KEY: Buffer.alloc(32, 'k').toString('base64'),
};

/** A copy of some folders of this repository, as a smaller installation would have it. */
function copyOf(folders: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'installation-'));
  for (const folder of [...folders, 'package.json', 'tsconfig.json', '.prettierrc.json']) {
    cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

function runIn(root: string, file: string, args: readonly string[]) {
  const command = typescriptCommand(file, args);
  const changed = command.args.map((arg) => (arg === join(ROOT, file) ? join(root, file) : arg));
  try {
    const stdout = execFileSync(command.command, changed, {
      cwd: root,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      stdio: 'pipe',
      encoding: 'utf8',
    });
    return { code: 0, stdout, stderr: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, stdout, stderr };
  }
}

describe('the program', () => {
  it('ends with 2 and a hint on a wrong command line, and prints its version', async () => {
    expect(await runCliProcess(['docter'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Did you mean doctor?') as string,
    });
    expect(await runCliProcess(['--version'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('does not crash when nobody reads its output', () => {
    const { command, args, env } = typescriptCommand('cli/main.ts', ['doctor', '--config', 'missing.yaml']);
    const line = [command, ...args].map((part) => `'${part}'`).join(' ');
    // The reader is gone before the first byte.
    const script = `${line} 2>&1 1> >(exec true); echo "code $?"`;
    const output = execFileSync('bash', ['-c', script], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    expect(output).toBe('code 3\n');
  });

  it('does not claim success when its result could not be written', () => {
    const { command, args, env } = typescriptCommand('cli/main.ts', ['--version']);
    const full = openSync('/dev/full', 'w');
    let end: { status?: number; stderr?: string } = {};
    try {
      execFileSync(command, [...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
    } catch (error) {
      end = error as typeof end;
    } finally {
      closeSync(full);
    }
    expect(end.status).toBe(3);
    expect(end.stderr).toContain('error DISK_FULL');
  });

  it('ends with 130 on Ctrl-C, and says that a run goes on', async () => {
    let tellAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (tellAsked = resolve));
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      tellAsked();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const side = (name: string, version: string) => ({
      hydraVersion: version,
      publicUrl: `http://${name}.invalid`,
      adminUrl: `http://127.0.0.1:${port}/${name}`,
      database: { host: `${name}.invalid`, name: 'a', user: 'b' },
    });
    const folder = mkdtempSync(join(tmpdir(), 'interrupted-'));
    const file = join(folder, 'c.json');
    writeFileSync(
      file,
      JSON.stringify({
        environment: { name: 'x' },
        temporal: { address: `127.0.0.1:${port}` },
        // Longer than anything here takes: it still waits for an answer when it is interrupted.
        checks: { timeoutMs: 300_000 },
        blue: side('blue', '1.11.10'),
        green: side('green', '2.3.0'),
      }),
    );
    const end = await runCliProcess(['start', '--config', file], { signalWhen: { signal: 'SIGINT', when: asked } });
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
    expect(end).toMatchObject({
      code: 130,
      stdout: '',
      // Who presses Ctrl-C must not believe that he has ended the run.
      stderr:
        'interrupted by SIGINT; a run that was started goes on: `hydra-cutover status` shows it, `hydra-cutover cancel` ends it\n',
    });
  });

  it('says so when the local world is not part of the installation', () => {
    const root = copyOf(['adapters', 'cli', 'config', 'domain', 'hydra']);
    expect(runIn(root, 'cli/main.ts', ['world'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error TOOL_MISSING: the local world is not part') as string,
    });
    expect(runIn(root, 'cli/main.ts', ['doctor'])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('the local world is not part') as string,
    });
    rmSync(root, { recursive: true });
  });
});

describe('the example', () => {
  it('is a config without problems', () => {
    const inspection = inspectConfig({ file: join(ROOT, 'examples', 'hydra-cutover.yaml'), env: EXAMPLE_SECRETS });
    expect('fault' in inspection ? inspection.problems : []).toEqual([]);
  });

  it('is refused by doctor with every reference that is not set', async () => {
    const { code, stdout } = await runCliProcess(['doctor', '--config', 'examples/hydra-cutover.yaml', '--json']);
    expect(code).toBe(3);
    const { problems } = JSON.parse(stdout) as { problems: { path: string }[] };
    expect(problems.map(({ path }) => path)).toEqual([
      'blue.database.password',
      'blue.database.worker.password',
      'blue.database.look.password',
      'green.database.password',
      'green.database.worker.password',
      'green.hydraRole.password',
      'green.commands.start.secretEnv.HYDRA_SECRETS_SYSTEM',
      'gateways[0].token',
      'gateways[1].token',
      'targets[0].token',
      'targets[2].postgres.password',
      'targets[3].etcd.password',
      'jobs[0].token',
      'canary.key',
    ]);
  });
});

describe('the generated files', () => {
  it('are told by name when they differ, and written again', () => {
    const root = copyOf([
      'adapters',
      'cli',
      'config',
      'domain',
      'gateway',
      'hydra',
      'scripts',
      'docs',
      'test/mutations',
    ]);
    expect(runIn(root, 'scripts/generate.ts', []).code).toBe(0);
    const faults = join(root, 'docs', 'reference', 'faults.md');
    const right = readFileSync(faults, 'utf8');
    writeFileSync(faults, `${right}x`);
    const check = runIn(root, 'scripts/generate.ts', ['--check']);
    expect(check).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('differ from the code: docs/reference/faults.md;') as string,
    });
    expect(runIn(root, 'scripts/generate.ts', []).stdout).toBe('wrote docs/reference/faults.md\n');
    expect(readFileSync(faults, 'utf8')).toBe(right);
    rmSync(root, { recursive: true });
  });

  it('in this repository are those of the code', async () => {
    expect(await runProgram('scripts/generate.ts', ['--check'])).toMatchObject({ code: 0, stderr: '' });
  });
});
