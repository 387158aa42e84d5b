import { createLogger } from '../../../../config/logger';
import { Supervisor, claimRunDir, recordProcess, startReaper } from '../../../../world/supervisor';
import { spawn } from 'node:child_process';

/**
 * A supervisor in a process of its own, to be killed by tests: one obedient child, one with a child of its own that ignores
 * SIGTERM if wanted, and one process that somebody else started and recorded. Prints one JSON line, then stays.
 */
async function main(): Promise<void> {
  const [worlds = '', keep = 'false', reluctant, dir] = process.argv.slice(2);
  const claimed = await claimRunDir({ worlds, keep: keep === 'true', ...(dir === undefined ? {} : { dir }) });
  const logger = createLogger({ level: 'silent' });
  const reaper = startReaper({ worlds, runDir: claimed.runDir, logger });
  const supervisor = new Supervisor({ runDir: claimed.runDir, logger });
  const ready = () => Promise.resolve(true);
  const obedient = await supervisor.start({
    name: 'obedient',
    command: 'sleep',
    args: ['300'],
    ready,
    readyTimeoutMs: 60_000,
  });
  const parent = await supervisor.start({
    name: 'parent',
    command: 'sh',
    args: ['-c', `${reluctant === 'reluctant' ? "trap '' TERM; " : ''}sleep 301 & wait; wait`],
    ready,
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 500,
  });
  const foreign = spawn('sleep', ['302'], { detached: true, stdio: 'ignore' });
  if (foreign.pid !== undefined) recordProcess(claimed.runDir, 'foreign', foreign.pid);
  const pids = [obedient.pid, parent.pid, foreign.pid];
  // First, because the line is what a test waits for before it sends one.
  process.on('SIGTERM', () => {
    void supervisor
      .stopAll()
      .then(() => reaper.close())
      .then(() => process.exit(0));
  });
  process.stdout.write(
    `${JSON.stringify({ runDir: claimed.runDir, pid: process.pid, reaperPid: reaper.pid, pids })}\n`,
  );
}

void main();
