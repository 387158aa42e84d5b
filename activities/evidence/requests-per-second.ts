import { setTimeout as sleep } from 'node:timers/promises';
import { type StepDeps } from '../step';

const SPAN_MS = 1_000;

/** @returns how many requests Hydra on the left side answers now; null when it does not tell */
export async function requestsPerSecond(
  { hydra, direction: { from } }: StepDeps,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const before = await hydra.metrics(from);
    const startedAt = performance.now();
    await sleep(SPAN_MS, undefined, { signal });
    const after = await hydra.metrics(from);
    const perMs = (after.requests - before.requests) / (performance.now() - startedAt);
    // A Hydra that started anew in between counts from zero.
    return perMs < 0 ? null : Math.round(perMs * 10_000) / 10;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
