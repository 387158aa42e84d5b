import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStartTime } from '../../../../scripts/lib/process-identity';
import { typescriptCommand } from '../../../../world/supervisor';

export interface Host {
  readonly child: ChildProcess;
  readonly runDir: string;
  readonly pid: number;
  readonly reaperPid: number;
  /** Everything that must be gone afterwards. */
  readonly pids: readonly number[];
}

export interface HostOptions {
  readonly keep?: boolean;
  readonly dir?: string;
  /** One of its processes ignores SIGTERM. */
  readonly reluctant?: boolean;
}

const started: ChildProcess[] = [];
const folders: string[] = [];

/** Starts test/integration/world/supervisor/world-host.ts and waits for its line. */
export async function startHost(worlds: string, options: HostOptions = {}): Promise<Host> {
  const { keep = false, reluctant = false, dir } = options;
  const { command, args, env } = typescriptCommand('test/integration/world/supervisor/world-host.ts', [
    worlds,
    String(keep),
    reluctant ? 'reluctant' : 'obedient',
    ...(dir === undefined ? [] : [dir]),
  ]);
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const { stdout } = child;
  if (stdout === null) throw new Error('no stdout');
  const [line] = (await once(stdout, 'data')) as [Buffer];
  stdout.destroy();
  return { child, ...(JSON.parse(line.toString()) as Omit<Host, 'child'>) };
}

export function worldsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'worlds-'));
  chmodSync(folder, 0o711);
  folders.push(folder);
  return folder;
}

export async function killHost(host: Host, also: { readonly reaper: boolean } = { reaper: false }): Promise<void> {
  if (also.reaper) {
    // Stopped, the supervisor cannot start another reaper in between.
    process.kill(host.pid, 'SIGSTOP');
    process.kill(host.reaperPid, 'SIGKILL');
  }
  process.kill(host.pid, 'SIGKILL');
  if (host.child.exitCode === null && host.child.signalCode === null) await once(host.child, 'exit');
}

/** Call after each test: ends what a failed test left. */
export async function cleanUp(): Promise<void> {
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  await sleep(0);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function isAlive(pid: number): boolean {
  return processStartTime(pid) !== undefined;
}

/** Source: proc(5), /proc/PID/task/TID/children. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Processes of a group, the leader included. Source: proc(5), fields 5 and 3 of /proc/PID/stat. */
export function groupMembers(group: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return fields[0] !== 'Z' && Number(fields[2]) === group;
      } catch {
        return false;
      }
    });
}
