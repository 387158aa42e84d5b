import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GoPin } from '../../../../../world/toolchain/versions';

const TINY_SOURCE = 'package main\n\nvar Version string\n\nfunc main() { print("tiny version ", Version, "\\n") }\n';

/** Stands in for `go`: writes half a program, then does what FAKE_GO says, remembering who ran. */
const FAKE_GO = `#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
echo $$ >> "$FAKE_LOG"
printf '#!/bin/sh\\n' > "$out"
case "$FAKE_GO" in
  hang) sleep 600 & echo $! >> "$FAKE_LOG"; wait;;
  slow) sleep 1; echo 'echo tiny version 1.2.3' >> "$out"; chmod 755 "$out";;
  *) echo "$FAKE_GO" >&2; exit 1;;
esac
`;

/** A temporary folder with a cache, a tiny Go module and a stand-in for `go`; everything a resolver needs, nothing shared. */
export interface Sandbox {
  readonly folder: string;
  readonly cache: string;
  readonly modules: string;
  readonly pin: GoPin;
  /** Environment with the real programs and our own cache. */
  readonly env: NodeJS.ProcessEnv;
  /** The same with the stand-in for `go`. */
  readonly fakeGo: (behaviour: string) => NodeJS.ProcessEnv;
  /** Pids of the stand-in and of its children, in the order they started. */
  readonly fakePids: () => number[];
  readonly remove: () => void;
}

export function createSandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), 'toolchain-'));
  const cache = join(folder, 'cache');
  const modules = join(folder, 'modules');
  const log = join(folder, 'fake-go.log');
  mkdirSync(join(modules, 'tiny'), { recursive: true });
  writeFileSync(join(modules, 'tiny', 'go.mod'), 'module tiny\n\ngo 1.17\n');
  writeFileSync(join(modules, 'tiny', 'main.go'), TINY_SOURCE);
  const bin = join(folder, 'bin');
  writeProgram(join(bin, 'go'), FAKE_GO);
  const env = { ...process.env, HYDRA_CUTOVER_CACHE: cache };
  return {
    folder,
    cache,
    modules,
    pin: tinyPin(),
    env,
    fakeGo: (behaviour) => ({ ...env, PATH: `${bin}:/usr/bin:/bin`, FAKE_GO: behaviour, FAKE_LOG: log }),
    fakePids: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').map(Number) : []),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function tinyPin(): GoPin {
  return {
    label: 'Tiny 1.2.3',
    folder: 'tiny',
    binary: 'tiny',
    version: '1.2.3',
    variable: 'TINY_BIN',
    versionSetting: 'main.Version=1.2.3',
    probe: { args: [], pattern: /^tiny version (\S+)/m },
  };
}

export function writeProgram(path: string, text: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** Runs `support/resolve-tiny.ts` in a process, and process group, of its own. */
export function spawnResolver(sandbox: Sandbox, env: NodeJS.ProcessEnv): ChildProcess {
  const file = join(__dirname, 'resolve-tiny.ts');
  const args = ['--require', require.resolve('tsx/cjs'), file, sandbox.modules];
  return spawn(process.execPath, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** @returns what a child wrote and how it ended */
export async function outcome(
  child: ChildProcess,
): Promise<{ stdout: string; stderr: string; exitCode: number | null }> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (written[name] += text));
  }
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { ...written, exitCode };
}

export function isAlive(pid: number): boolean {
  // A zombie answers kill(pid, 0) too; it is as good as gone.
  const stat = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return stat !== '' && !stat.startsWith('Z');
}
