import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault, FAULTS } from '../../domain/faults';
import { type CutoverSession } from './cutover-session';
import { isTakenBack, type DatabasesTale } from './databases-tale';
import { exitCodeOf } from './exit-code';
import { isEndedByForce, look, type Look } from './look';
import { type Watcher } from './watchers';

const POLL_MS = 1_000;

/**
 * @param tale what the databases say, where they were asked
 * @returns what `status` ends with: 0 while all goes on, else that of the outcome or of what is needed
 */
export function exitCodeOfLook(
  { temporal, status, report, awaiting }: Look,
  tale?: Pick<DatabasesTale, 'isKnown' | 'isTouched' | 'isFinalized'>,
): number {
  if (report !== null) return exitCodeOf(report);
  if (awaiting === 'intervene') return FAULTS.PERSON_NEEDED.exitCode;
  if (isEndedByForce(temporal)) {
    if (tale?.isFinalized === true) return 0;
    return tale !== undefined && isTakenBack(tale) ? FAULTS.UNDONE.exitCode : FAULTS.UNDO_INCOMPLETE.exitCode;
  }
  return status === null ? FAULTS.NO_WORKER.exitCode : 0;
}

export interface WatchOptions {
  /** Also ends when a person is needed that no plan foresaw. */
  readonly stopAtIntervene: boolean;
  /** Undefined: as long as it takes. */
  readonly timeoutMs?: number;
}

/** Follows a cutover to its end. @returns the last picture, and a fault when time was up before */
export async function watch(
  session: CutoverSession,
  watcher: Watcher,
  { stopAtIntervene, timeoutMs }: WatchOptions,
): Promise<{ readonly end: Look; readonly fault?: CutoverFault }> {
  const untilMs = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
  for (;;) {
    const now = await look(session);
    watcher.show(now);
    if (now.temporal !== 'RUNNING') return { end: now };
    if (stopAtIntervene && now.awaiting === 'intervene') return { end: now };
    // Who waits for an end waits for its exit code, too; who only looks has gone.
    if (!stopAtIntervene && !watcher.isHeard()) return { end: now };
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0) return { end: now, fault: timeIsUp(now, timeoutMs ?? 0) };
    await sleep(Math.min(POLL_MS, leftMs));
  }
}

function timeIsUp({ workflowId, phase, awaiting }: Look, timeoutMs: number): CutoverFault {
  const where = `${phase === null ? '' : `, phase ${phase}`}${awaiting === null ? '' : `, waiting at gate ${awaiting}`}`;
  return new CutoverFault(
    'WAIT_TIMEOUT',
    `${workflowId} was not over within ${timeoutMs / 1_000} s (--timeout)${where}; it goes on, and nothing was changed by waiting`,
    { workflowId, timeoutMs },
  );
}
