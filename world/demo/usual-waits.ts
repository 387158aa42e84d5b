import { type Percentiles } from '../traffic';

/** Whoever can say how long those requests took that clients sent between two times. */
export interface Waits {
  waits(fromMs: number, toMs: number): Promise<Percentiles>;
}

/** Long enough to have every kind of request in it, and short enough to be about the machine of this moment. */
const SPAN_MS = 10_000;
/** On a machine that keeps up with the world nearly every client is answered sooner, whatever the upgrade does beside it. */
const KEEPS_UP_P99_MS = 1_000;

/** @returns the 99th percentile of what clients waited in the last seconds before `atMs` (milliseconds since the epoch) */
export async function usualWaitMs(traffic: Waits, atMs: number): Promise<number> {
  return (await traffic.waits(atMs - SPAN_MS, atMs)).p99Ms;
}

/** Says before the commit that this machine is too slow for the world: what is measured after it then says more of the machine. */
export async function sayIfTooSlow(traffic: Waits, say: (line: string) => void, atMs = Date.now()): Promise<void> {
  const usualMs = await usualWaitMs(traffic, atMs);
  if (usualMs <= KEEPS_UP_P99_MS) return;
  say(
    `this machine is too slow for the demo: clients wait ${Math.round(usualMs)} ms already (p99, allowed: ${KEEPS_UP_P99_MS}), before anything is held; ` +
      'what they wait in the pause is judged by that; end what runs beside it to see the pause alone',
  );
}
