import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcessAlive, processStartTime } from '../../../scripts/lib/process-identity';
import { type PostgresCommand } from '../../toolchain/postgres-cluster';
import { type ProcessIdentity } from '../model/records';

const WATCH_MS = 100;
const POLL_MS = 20;
const FAST_MS = 20_000;
const IMMEDIATE_MS = 5_000;
const KILL_MS = 5_000;

/** One running server process: ours, or one that an endpoint before us started. */
export interface Postmaster {
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended, however. */
  readonly exited: Promise<void>;
}

/**
 * Starts a server in a session of its own: it outlives a killed endpoint, and the next one finds it again.
 * @param onSpawned called before anything else can happen, to write the pid down
 */
export async function startPostmaster(
  command: PostgresCommand,
  logFile: string,
  onSpawned: (pid: number) => void,
): Promise<Postmaster> {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(command.command, [...command.args], {
      cwd: command.cwd,
      env: command.env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(command.runAs === undefined ? {} : { uid: command.runAs.uid, gid: command.runAs.gid }),
    });
    const { pid } = child;
    if (pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error];
      throw error;
    }
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    onSpawned(pid);
    return { identity: { pid, startTime: processStartTime(pid) ?? '' }, exited };
  } finally {
    closeSync(log);
  }
}

/** Takes over a server that runs already. @param signal ends the watching, not the server */
export function adoptPostmaster(identity: ProcessIdentity, signal: AbortSignal): Postmaster {
  return { identity, exited: watch(identity, signal) };
}

/**
 * Ends a server: sessions are ended and the cluster closes cleanly; if that takes too long it stops as in a crash, which the
 * next start recovers from.
 * Source: PostgreSQL manual, "Shutting Down the Server".
 */
export async function stopPostmaster(identity: ProcessIdentity): Promise<void> {
  const steps = [
    ['SIGINT', FAST_MS],
    ['SIGQUIT', IMMEDIATE_MS],
    ['SIGKILL', KILL_MS],
  ] as const;
  for (const [signal, waitMs] of steps) {
    if (!isSameProcessAlive(identity)) return;
    try {
      process.kill(identity.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    const deadline = Date.now() + waitMs;
    while (isSameProcessAlive(identity) && Date.now() < deadline) await sleep(POLL_MS);
  }
}

async function watch(identity: ProcessIdentity, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && isSameProcessAlive(identity)) {
    await sleep(WATCH_MS, undefined, { signal }).catch(() => undefined);
  }
}
