import { setTimeout as sleep } from 'node:timers/promises';
import { type StepDeps } from '../step';

const SPAN_MS = 1_000;

/** @returns how many requests Hydra on blue answers now; null when it does not tell */
export async function requestsPerSecond({ hydra }: StepDeps, signal: AbortSignal): Promise<number | null> {
  try {
    const before = await hydra.metrics('blue');
    const startedAt = performance.now();
    await sleep(SPAN_MS, undefined, { signal });
    const after = await hydra.metrics('blue');
    const perMs = (after.requests - before.requests) / (performance.now() - startedAt);
    // A Hydra that started anew in between counts from zero.
    return perMs < 0 ? null : Math.round(perMs * 10_000) / 10;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
