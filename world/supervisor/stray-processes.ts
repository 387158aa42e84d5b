import { readdirSync, readFileSync } from 'node:fs';
import { processStartTime } from '../../scripts/lib/process-identity';
import { type Machine, thisMachine } from './machine';

/** Every process of a world has this in its environment and hands it on to its children. */
export const RUN_DIR_VARIABLE = 'WORLD_RUN_DIR';

/**
 * Processes that carry the world's mark and were never recorded: children of a program of ours that was killed.
 *
 * Linux only (elsewhere none are found), and only a second net: PostgreSQL overwrites its environment, other users'
 * environments are not readable.
 * Source: proc(5), /proc/PID/environ.
 */
export function strayProcesses(runDir: string): { pid: number; startTime: string; machine: Machine }[] {
  const mark = `${RUN_DIR_VARIABLE}=${runDir}`;
  const machine = thisMachine();
  return processIds().flatMap((pid) => {
    if (pid === process.pid || !environment(pid).split('\0').includes(mark)) return [];
    const startTime = processStartTime(pid);
    return startTime === undefined ? [] : [{ pid, startTime, machine }];
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number);
  } catch {
    return [];
  }
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
