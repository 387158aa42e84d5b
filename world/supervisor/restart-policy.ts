/** Waits before each try to start what ended by itself; afterwards nobody tries any more. */
const DELAYS_MS = [200, 500, 1_000, 2_000, 4_000] as const;
const WINDOW_MS = 60_000;

/**
 * @param failures times (ms) at which it ended or did not start, the latest included
 * @returns how long to wait before the next try, or undefined to give up
 */
export function restartDelayMs(failures: readonly number[], now: number): number | undefined {
  const recent = failures.filter((time) => time > now - WINDOW_MS).length;
  return recent === 0 ? 0 : DELAYS_MS[recent - 1];
}
