import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createSandbox, outcome, type Sandbox } from './support/sandbox';

const MAIN = join(__dirname, '..', '..', '..', '..', 'world', 'toolchain', 'main.ts');
const LABELS = [
  'PostgreSQL 15',
  'PostgreSQL 18',
  'Temporal CLI',
  'Temporal test server',
  'Hydra 1.11.10',
  'Hydra 2.2.0',
  'Hydra 2.3.0',
  'Hydra 1.3.2',
  'etcd',
];

let sandbox: Sandbox;
beforeEach(() => (sandbox = createSandbox()));
afterEach(() => sandbox.remove());

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = ['--require', require.resolve('tsx/cjs'), MAIN, ...args];
  return outcome(
    spawn(process.execPath, command, { env: { ...sandbox.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

describe('npm run toolchain', () => {
  it('--list shows every program and changes nothing', async () => {
    const { stdout, exitCode } = await run(['--list']);
    expect(exitCode).toBe(0);
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(LABELS.length);
    for (const [index, label] of LABELS.entries()) expect(rows[index]?.startsWith(label)).toBe(true);
    expect(rows.find((row) => row.startsWith('etcd'))).toMatch(/3\.6\.5\s+absent/);
    expect(existsSync(sandbox.cache)).toBe(false);
  });

  it('--list shows all unusable overrides at once, each fault once, and ends with 3', async () => {
    const absent = join(sandbox.folder, 'absent');
    const { stdout, stderr, exitCode } = await run(['--list'], { ETCD_BIN: absent, PG_BIN: absent });
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/^etcd .*failed\s+TOOL_UNUSABLE$/m);
    expect(stderr.match(/^TOOL_UNUSABLE: .*PG_BIN$/gm)).toHaveLength(1);
    expect(stderr.match(/^TOOL_UNUSABLE: .*ETCD_BIN$/gm)).toHaveLength(1);
  });

  it('ends with 2 on an unknown option', async () => {
    const { stderr, exitCode } = await run(['--nonsense']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^USAGE: /);
  });

  it('--help explains itself', async () => {
    const { stdout, exitCode } = await run(['--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('--list');
  });
});
