import { type Clock } from '../core/clock';

/** What the two clocks of a machine differ by when nothing happened but a correction. */
const STEP_MS = 250;

/**
 * Monotonic, and ahead by the time for which the machine itself stood still (suspended, or paused while its wall clock went on): the monotonic
 * clock of Linux does not count that, and the arbiter's goes on, so that a lease would seem to live that is over. A wall clock that is set forward
 * makes it go ahead as well, which ends a lease too early; one that is set back changes nothing.
 *
 * Source: clock_gettime(2), CLOCK_MONOTONIC.
 */
export function clockThatCountsPauses(monotonicMs: () => number, wallMs: () => number): () => number {
  let aheadMs = wallMs() - monotonicMs();
  let pausedMs = 0;
  return () => {
    const monotonic = monotonicMs();
    const nowAheadMs = wallMs() - monotonic;
    if (nowAheadMs - aheadMs > STEP_MS) pausedMs += nowAheadMs - aheadMs;
    aheadMs = nowAheadMs;
    return monotonic + pausedMs;
  };
}

export const nodeClock: Clock = {
  now: clockThatCountsPauses(
    () => performance.now(),
    () => Date.now(),
  ),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
};
