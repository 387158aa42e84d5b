import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;
/** A process that was killed is gone at once, unless the kernel holds it in a call that cannot be interrupted. */
const KILLED_LIMIT_MS = 5_000;

/**
 * Ends every process of a group: SIGTERM, after `graceMs` SIGKILL. Returns when none is left; a leader that went before its
 * children does not hide them.
 *
 * @param pid of the leader, which is the number of the group
 */
export async function endProcessGroup(pid: number, graceMs: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  if (await isGone(pid, graceMs)) return;
  signalGroup(pid, 'SIGKILL');
  await isGone(pid, KILLED_LIMIT_MS);
}

async function isGone(pid: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (signalGroup(pid, 0) && !isGroupDead(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** @returns false when there is no such group. Source: kill(2). */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Orphans that ended but that nobody collected yet still count for kill(2). Where there is no /proc, they are waited for.
 * Source: proc(5), fields 3 (state) and 5 (pgrp), behind the name in parentheses, which may hold anything.
 */
function isGroupDead(group: number): boolean {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .every((pid) => {
        const [state, , pgrp] = statFields(pid);
        return Number(pgrp) !== group || state === 'Z' || state === 'X';
      });
  } catch {
    return false;
  }
}

function statFields(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
