import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type WaitOptions } from '../../domain/ports/database-provider';

/**
 * Looks again and again until `look` returns something. An API that does not answer, or a resource that is busy, is asked
 * again too: only the deadline, the signal or another fault ends the wait.
 *
 * @param waitingFor for the message: `instance x to be available`
 * @throws CutoverFault RDS_BUSY when the deadline passes, or what `look` throws
 */
export async function pollUntil<T>(
  waitingFor: string,
  wait: WaitOptions,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const giveUpAt = Date.now() + wait.deadlineMs;
  let last: unknown;
  for (;;) {
    wait.signal?.throwIfAborted();
    try {
      const found = await look();
      if (found !== undefined) return found;
      last = undefined;
    } catch (error) {
      if (!isCutoverFault(error) || !error.retryable) throw error;
      last = error;
    }
    if (Date.now() >= giveUpAt) {
      throw new CutoverFault(
        'RDS_BUSY',
        `waited ${wait.deadlineMs} ms for ${waitingFor}, and it is not; try again, with a longer deadline if it makes progress`,
        { deadlineMs: wait.deadlineMs },
        last,
      );
    }
    await sleep(wait.pollMs, undefined, wait.signal === undefined ? {} : { signal: wait.signal });
  }
}
