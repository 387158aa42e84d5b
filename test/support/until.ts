import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  readonly everyMs?: number;
  /** Far more than it takes on the busiest machine, and less than a test may take. */
  readonly timeoutMs?: number;
}

/** For what another session does at once, while the other side of the test waits for it. */
export const SOON: Patience = { everyMs: 5 };

/**
 * Waits for what a test cannot go on without.
 *
 * @param what what is waited for; it stands in the error, so that a test that hangs says over what
 */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  { everyMs = 20, timeoutMs = 180_000 }: Patience = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(everyMs);
  }
}
