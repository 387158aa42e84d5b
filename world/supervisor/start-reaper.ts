import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownIdentity } from '../../scripts/lib/process-identity';
import { type Logger } from '../../config/logger';
import { worldsLock } from './claim-run-dir';
import { typescriptCommand } from './typescript-command';

/** A reaper that ends sooner than this is not started again: something is wrong with it. */
const SHORT_LIFE_MS = 1_000;
const CLOSE_WAIT_MS = 15_000;

export interface Reaper {
  readonly pid: number | undefined;
  /** Lets the reaper see the end; it does what is left to do. Resolves when it is gone. */
  close(): Promise<void>;
}

/**
 * Starts the reaper of a world. It need not be waited for: a supervisor that is killed meanwhile leaves end-of-file, which
 * it finds as soon as it looks. Killed by itself it is started again.
 */
export function startReaper(options: { worlds: string; runDir: string; logger: Logger }): Reaper {
  const { worlds, runDir, logger } = options;
  const me = ownIdentity();
  let closing = false;
  let startedAt = 0;
  let child: ChildProcess;

  const launch = (): void => {
    startedAt = Date.now();
    const { command, args, env } = typescriptCommand('world/supervisor/reaper.ts', [
      worldsLock(worlds),
      runDir,
      String(me.pid),
      me.startTime,
    ]);
    child = spawn(command, args, {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, ...env },
      cwd: '/',
    });
    child.stdin?.on('error', () => undefined);
    child.once('error', (error) => logger.error({ err: error }, 'reaper does not start'));
    child.once('exit', () => {
      if (closing) return;
      if (Date.now() - startedAt < SHORT_LIFE_MS) {
        logger.error({ runDir }, 'reaper ends again and again; a killed world is cleaned up by the next start only');
        return;
      }
      logger.warn({ runDir }, 'reaper ended, starting another');
      launch();
    });
  };
  launch();

  return {
    get pid() {
      return child.pid;
    },
    async close() {
      closing = true;
      const running = child.exitCode === null && child.signalCode === null && child.pid !== undefined;
      child.stdin?.destroy();
      if (!running) return;
      const timer = new AbortController();
      const late = sleep(CLOSE_WAIT_MS, true, { signal: timer.signal }).catch(() => false);
      const gone = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
      if (await Promise.race([late, gone])) child.kill('SIGKILL');
      timer.abort();
    },
  };
}
