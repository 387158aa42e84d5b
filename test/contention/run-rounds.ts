import { once } from 'node:events';
import { type SwitchoverReceipt } from '../../domain/receipts';
import { seededRandom } from '../integration/hydra/sync/history';
import { PATIENT } from '../integration/activities/switchover-fixture';
import { until } from '../support/until';
import { ISSUER, type LabRound, SwitchoverLab } from './lab/switchover-lab';
import { holdOf } from './hold-of';
import { type RoundResult } from './round-result';
import { ContendedTraffic } from './traffic/contended-traffic';
import { SteadyReaders } from './traffic/steady-readers';
import { Tally } from './traffic/tally';

/** A grant lives through as many races at most, with such pauses: long enough that many live on both sides. */
const RACES_MAX = 10;
const PAUSE_MS = 400;

export interface RoundsOptions {
  readonly seed: number;
  /** Grants that live at the same time. */
  readonly grants: number;
  /** Questions in a second about tokens that nobody fights over. */
  readonly readsPerSecond: number;
  /** Requests before the switchover of a round, and as many after it. */
  readonly requestsEachSide: number;
  /** Called after each round. @returns whether there is another one */
  readonly onRound: (result: RoundResult) => boolean;
  /** Ends between two rounds. */
  readonly signal: AbortSignal;
}

/**
 * Contended traffic through two gateways, over one switchover after the other on real parts. Each grant's history spans its own
 * switchover; between two of them both databases are made anew.
 */
export async function runRounds(options: RoundsOptions): Promise<void> {
  const asked: Asked = { requests: 0 };
  const settings = { ...PATIENT, attempts: 3 };
  const lab = await SwitchoverLab.start({ settings, onRequest: () => void (asked.requests += 1) });
  try {
    for (let number = 1; !options.signal.aborted; number += 1) {
      const before = asked.requests;
      const startedAt = performance.now();
      const round = await lab.round((parts) => oneRound(parts, options, number, asked));
      const durationMs = Math.round(performance.now() - startedAt);
      if (!options.onRound({ ...round, requests: asked.requests - before, durationMs })) return;
    }
  } finally {
    await lab.close();
  }
}

/** Requests through all doors, of everybody. */
interface Asked {
  requests: number;
}

async function oneRound(
  { doors, gateways, switchover, complaints }: LabRound,
  { seed, grants, readsPerSecond, requestsEachSide, signal }: RoundsOptions,
  number: number,
  asked: Asked,
): Promise<Pick<RoundResult, 'tally' | 'switchover' | 'reads' | 'wrongReads' | 'complaints'>> {
  const tally = new Tally();
  const random = seededRandom(seed * 1_000 + number);
  const traffic = new ContendedTraffic({ doors, tally, random, grants, racesMax: RACES_MAX, pauseMs: PAUSE_MS });
  const onRequest = () => void (asked.requests += 1);
  const readers = new SteadyReaders({ gateways, issuer: ISSUER, perSecond: readsPerSecond, onRequest });
  const more = async (count: number): Promise<void> => {
    const wanted = asked.requests + count;
    const enough = until('clients have asked so often', () => asked.requests >= wanted, { timeoutMs: 3_600_000 });
    await Promise.race([enough, ...(signal.aborted ? [] : [once(signal, 'abort')])]);
  };
  try {
    await readers.start();
    await more(requestsEachSide);
    const receipts = await switchover();
    const { from, to } = holdOf(committed(receipts));
    tally.moved(from - performance.timeOrigin, to - performance.timeOrigin);
    await more(requestsEachSide);
    const answered = await readers.stop();
    await traffic.stop();
    const wrongReads = answered.filter(({ isRight }) => !isRight).length;
    const summary = tally.summary;
    return {
      tally: summary,
      switchover: switchoverOf(receipts),
      reads: answered.length,
      wrongReads,
      // Races bring some of Hydra's own, which nobody has to explain.
      complaints: summary.failed + wrongReads === 0 ? [] : [...complaints()],
    };
  } finally {
    await readers.stop();
    await traffic.stop();
  }
}

type Committed = Extract<SwitchoverReceipt, { outcome: 'committed' }>;

function committed(receipts: readonly SwitchoverReceipt[]): Committed {
  const last = receipts.at(-1);
  if (last?.outcome !== 'committed') throw new Error(`the switchover ended as ${String(last?.outcome)}`);
  return last;
}

function switchoverOf(receipts: readonly SwitchoverReceipt[]): RoundResult['switchover'] {
  const { holdMs, stepsMs, refused } = committed(receipts);
  return { attempts: receipts.length, holdMs, drainMs: stepsMs.hold ?? 0, refused };
}
