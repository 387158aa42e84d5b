import { setTimeout as sleep } from 'node:timers/promises';
import { type StepContext } from '../step';

const POLL_MS = 250;

/** Asks until `look` says yes or the deadline passes. @returns whether it did; @throws the signal's reason */
export async function waitFor(
  context: StepContext,
  deadlineMs: number,
  progress: Readonly<Record<string, unknown>>,
  look: () => Promise<boolean>,
): Promise<boolean> {
  const giveUpAt = Date.now() + deadlineMs;
  for (;;) {
    context.signal.throwIfAborted();
    if (await look()) return true;
    if (Date.now() >= giveUpAt) return false;
    context.heartbeat(progress);
    await pause(Math.min(POLL_MS, deadlineMs), context);
  }
}

/** @throws the signal's reason, at once */
export async function pause(ms: number, { signal }: Pick<StepContext, 'signal'>): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
