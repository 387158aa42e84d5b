import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcessAlive, processStartTime } from '../../../scripts/lib/process-identity';
import { type ProcessIdentity } from '../model/records';

/**
 * The postmaster that serves `dataDir` now, whoever started it.
 *
 * @param recorded by us, when we lived to record it. Else the server's own lock file names the pid, and the command line of
 *   that process must name the folder: the file outlives a killed server and its pid may be somebody else's by now
 */
export function findPostmaster(dataDir: string, recorded: ProcessIdentity | undefined): ProcessIdentity | undefined {
  if (recorded !== undefined && isSameProcessAlive(recorded)) return recorded;
  const pid = lockFilePid(dataDir);
  if (pid === undefined) return undefined;
  const startTime = processStartTime(pid);
  if (startTime === undefined || !commandLine(pid).includes(dataDir)) return undefined;
  return { pid, startTime };
}

function lockFilePid(dataDir: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    const ps = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return ps.status === 0 ? ps.stdout.trim().split(' ') : [];
  }
}
