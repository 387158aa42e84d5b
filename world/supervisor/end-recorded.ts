import { setTimeout as sleep } from 'node:timers/promises';
import { isRecordedProcessAlive, readRecords } from './process-record';
import { killGroup, signalLeader } from './signal-process';
import { strayProcesses } from './stray-processes';

const POLL_MS = 25;
const DEFAULT_GRACE_MS = 3_000;
const KILL_WAIT_MS = 3_000;

export interface EndedProcesses {
  readonly ended: readonly string[];
  /** Still running after SIGKILL: another user's, or stuck in the kernel. */
  readonly left: readonly string[];
}

/**
 * Ends every process that is recorded in `runDir`: asks all at once, latest first, and kills what is left after `graceMs`.
 * A process with another start time than recorded is never touched. Idempotent, and safe beside another call on the same
 * folder.
 *
 * Records are read again on each turn, because a dying program may still record a child.
 */
export async function endRecorded(runDir: string, graceMs: number = DEFAULT_GRACE_MS): Promise<EndedProcesses> {
  const ended = new Set<string>();
  const asked = new Set<string>();
  const graceEnd = Date.now() + graceMs;
  const giveUpAt = graceEnd + KILL_WAIT_MS;
  for (;;) {
    const alive = readRecords(runDir).filter(isRecordedProcessAlive);
    const recorded = new Set(alive.map((record) => record.pid));
    const strays = strayProcesses(runDir).filter((stray) => !recorded.has(stray.pid));
    if (alive.length === 0 && strays.length === 0) return { ended: [...ended], left: [] };
    if (Date.now() > giveUpAt) {
      return { ended: [...ended], left: [...alive.map((record) => record.name), ...strays.map((s) => `pid ${s.pid}`)] };
    }
    const kill = Date.now() > graceEnd;
    for (const record of alive) {
      ended.add(record.name);
      if (kill) killGroup(record);
      else if (!asked.has(record.name)) signalLeader(record, record.stopSignal);
      asked.add(record.name);
    }
    // Strays have lost the program that would stop them in order; they go once everybody recorded is gone.
    if (alive.length === 0 || kill) {
      for (const stray of strays) {
        ended.add(`pid ${stray.pid}`);
        killGroup(stray);
      }
    }
    await sleep(POLL_MS);
  }
}
