import { setTimeout as sleep } from 'node:timers/promises';
import { type StepContext } from '../step';

const BEAT_MS = 1_000;

/**
 * Runs `work` and says meanwhile, once a second, how far it is. A `look` that fails says nothing; it is `work` that counts.
 */
export async function whileBeating<T>(
  context: StepContext,
  look: () => Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>,
  work: () => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const beating = (async () => {
    while (!done.signal.aborted) {
      const progress = await Promise.resolve()
        .then(look)
        .catch(() => undefined);
      if (progress !== undefined) context.heartbeat(progress);
      await sleep(BEAT_MS, undefined, { signal: done.signal }).catch(() => undefined);
    }
  })();
  try {
    return await work();
  } finally {
    done.abort();
    await beating;
  }
}
