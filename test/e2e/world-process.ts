import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WorldInfo } from '../../world/up';

const ROOT = join(__dirname, '..', '..');
const UP_TIMEOUT_MS = 450_000;

export interface WorldProcess {
  readonly child: ChildProcess;
  readonly readyFile: string;
  readonly worlds: string;
  stderr(): string;
  /** Waits for the ready file. */
  up(): Promise<WorldInfo>;
  /** Waits for the end. @returns the exit code */
  ended(): Promise<number | null>;
}

const started: { child: ChildProcess; folder: string }[] = [];

/** `npm run world` in a worlds' folder of its own, without npm. */
export function startWorld(args: readonly string[] = []): WorldProcess {
  const folder = mkdtempSync(join(tmpdir(), 'world-e2e-'));
  chmodSync(folder, 0o711);
  const worlds = join(folder, 'worlds');
  const readyFile = join(folder, 'ready.json');
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'run.js'), 'world', '--ready', readyFile, ...args], {
    env: { ...process.env, HYDRA_CUTOVER_WORLDS: worlds },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.push({ child, folder });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // Not `exit`: by then it may not be read to its end what it said.
  const closed = once(child, 'close');
  const ended = async (): Promise<number | null> => {
    await closed;
    return child.exitCode;
  };
  const up = async (): Promise<WorldInfo> => {
    const deadline = Date.now() + UP_TIMEOUT_MS;
    while (!existsSync(readyFile)) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the world did not come up:\n${stderr}`);
      await sleep(50);
    }
    return JSON.parse(readFileSync(readyFile, 'utf8')) as WorldInfo;
  };
  return { child, readyFile, worlds, stderr: () => stderr, up, ended };
}

/** Every process whose command line or environment names `folder`: what a world in it consists of. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const command = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      const environment = quietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
      return command.includes(folder) || environment.includes(folder) ? [command.replaceAll('\0', ' ')] : [];
    });
}

/** Source: proc(5), /proc/PID/task/TID/children. */
export function childrenOf(pid: number): number[] {
  const line = quietly(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  return line.split(' ').filter(Boolean).map(Number);
}

/** For the end of a test file: ends what a failed test left. */
export async function endWorlds(): Promise<void> {
  for (const { child, folder } of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
