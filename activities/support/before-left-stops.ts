import { setTimeout as sleep } from 'node:timers/promises';
import { type CallersReceipt, NOBODY_WATCHED } from '../../domain/callers';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type Gateway } from '../../domain/ports/targets';
import { type StopBlueReceipt } from '../../domain/receipts';
import { CallerWatch } from '../callers/caller-watch';
import { type StepContext, type StepDeps } from '../step';
import { waitFor } from './wait-for';

/** In less a caller that asks once a second may not show. */
const WATCH_MS = 2_000;

/**
 * Waits until no gateway has a request under way at blue, so that nothing is cut, and looks who calls blue's Hydra besides.
 *
 * A gateway that does not answer, or is of a version that does not tell, is waited for as long, then named in the receipt.
 * @throws CutoverFault READS_UNDER_WAY when one says after the deadline that it has some
 */
export async function beforeBlueStops(
  deps: StepDeps,
  context: StepContext,
  { watchMs = WATCH_MS } = {},
): Promise<StopBlueReceipt> {
  const watch = new CallerWatch(deps);
  await watch.look();
  const startedAt = performance.now();
  const deadlineMs = deps.settings.switchover.readsDeadlineMs;
  let left: readonly UnderWay[] = [];
  const isOver = await waitFor(context, deadlineMs, { step: 'waiting for reads under way at blue' }, async () => {
    left = (await Promise.all(deps.gateways.map(underWay))).flatMap((each) => each ?? []);
    return left.length === 0;
  });
  const busy = left.flatMap(({ name, count }) => (count === null ? [] : [`${name} (${count})`]));
  if (!isOver && busy.length > 0) throw stillUnderWay(busy, deadlineMs);
  const waitedMs = Math.round(performance.now() - startedAt);
  await sleep(Math.max(0, watchMs - waitedMs), undefined, { signal: context.signal });
  const callers: CallersReceipt = (await watch.look()) ?? NOBODY_WATCHED;
  return { waitedMs, silent: left.map(({ name }) => name), callers };
}

interface UnderWay {
  readonly name: string;
  /** Null: it does not tell. */
  readonly count: number | null;
}

/** @returns undefined when it has none */
async function underWay(gateway: Gateway): Promise<UnderWay | undefined> {
  const { name } = gateway;
  try {
    const { underWay: counts } = await gateway.state();
    if (counts?.blue === 0) return undefined;
    return { name, count: counts?.blue ?? null };
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return { name, count: null };
  }
}

function stillUnderWay(gateways: readonly string[], deadlineMs: number): CutoverFault {
  return new CutoverFault(
    'READS_UNDER_WAY',
    `blue's Hydra still answers requests of gateways ${gateways.join(', ')} after ${deadlineMs} ms (allowed: none), and stopping it would cut ` +
      'them; it was not stopped. They began before green opened. Wait and retry, raise switchover.readsDeadlineMs, or end those clients',
    { gateways },
  );
}
