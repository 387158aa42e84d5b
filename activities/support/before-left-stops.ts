import { setTimeout as sleep } from 'node:timers/promises';
import { type CallersReceipt, NOBODY_WATCHED } from '../../domain/callers';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type Gateway } from '../../domain/ports/targets';
import { type StopBlueReceipt } from '../../domain/receipts';
import { CallerWatch } from '../callers/caller-watch';
import { type StepContext, type StepDeps } from '../step';
import { waitFor } from './wait-for';
import { type Direction, type SideName } from '../../domain/sides';

/** In less a caller that asks once a second may not show. */
const WATCH_MS = 2_000;

/**
 * Waits until no gateway has a request under way at the left side, so that nothing is cut, and looks who calls its Hydra besides.
 *
 * A gateway that does not answer, or is of a version that does not tell, is waited for as long, then named in the receipt.
 * @throws CutoverFault READS_UNDER_WAY when one says after the deadline that it has some
 */
export async function beforeLeftStops(
  deps: StepDeps,
  context: StepContext,
  { watchMs = WATCH_MS } = {},
): Promise<StopBlueReceipt> {
  const { from } = deps.direction;
  const watch = new CallerWatch(deps);
  await watch.look();
  const startedAt = performance.now();
  const deadlineMs = deps.settings.switchover.readsDeadlineMs;
  let waitedFor: readonly UnderWay[] = [];
  const isOver = await waitFor(context, deadlineMs, { step: `waiting for reads under way at ${from}` }, async () => {
    const asked = await Promise.all(deps.gateways.map((gateway) => underWay(gateway, from)));
    waitedFor = asked.flatMap((each) => each ?? []);
    return waitedFor.length === 0;
  });
  const busy = waitedFor.flatMap(({ name, count }) => (count === null ? [] : [`${name} (${count})`]));
  if (!isOver && busy.length > 0) throw stillUnderWay(deps.direction, busy, deadlineMs);
  const waitedMs = Math.round(performance.now() - startedAt);
  await sleep(Math.max(0, watchMs - waitedMs), undefined, { signal: context.signal });
  const callers: CallersReceipt = (await watch.look()) ?? NOBODY_WATCHED;
  return { waitedMs, silent: waitedFor.map(({ name }) => name), callers };
}

interface UnderWay {
  readonly name: string;
  /** Null: it does not tell. */
  readonly count: number | null;
}

/** @returns undefined when it has none */
async function underWay(gateway: Gateway, side: SideName): Promise<UnderWay | undefined> {
  const { name } = gateway;
  try {
    const { underWay: counts } = await gateway.state();
    if (counts?.[side] === 0) return undefined;
    return { name, count: counts?.[side] ?? null };
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return { name, count: null };
  }
}

function stillUnderWay({ from, to }: Direction, gateways: readonly string[], deadlineMs: number): CutoverFault {
  return new CutoverFault(
    'READS_UNDER_WAY',
    `${from}'s Hydra still answers requests of gateways ${gateways.join(', ')} after ${deadlineMs} ms (allowed: none), and stopping it would cut ` +
      `them; it was not stopped. They began before ${to} opened. Wait and retry, raise switchover.readsDeadlineMs, or end those clients`,
    { gateways },
  );
}
