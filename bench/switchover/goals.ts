import { SWITCHOVER_STEPS } from '../../domain/receipts';
import { addTallies, EMPTY_TALLY } from '../../test/contention/traffic/tally';
import { drainMs, fitLine, heldWithoutDrain, type MeasuredRound, percentile } from './figures';

export const SAMPLES_MIN = 2_000;
export const SWITCHOVERS_MIN = 20;
const GOALS = { p99Factor: 1.2, heldP50Ms: 40, heldP99Ms: 80, longestMs: 250, perRoundTrip: 12 } as const;

export interface Goal {
  readonly what: string;
  readonly isMet: boolean;
  readonly observed: string;
  /** What it rests on, or where the time went. */
  readonly because: string;
}

/** @param rounds without links, and with links of several delays */
export function goalsOf(rounds: readonly MeasuredRound[]): readonly Goal[] {
  const near = rounds.filter(({ lagMs }) => lagMs === null);
  return [...readerGoals(near), ...writerGoals(near), ...correctness(rounds), roundTripGoal(rounds)];
}

function readerGoals(rounds: readonly MeasuredRound[]): readonly Goal[] {
  const parked = rounds.reduce((sum, round) => sum + round.readersParked, 0);
  const before = rounds.flatMap((round) => round.before);
  const during = rounds.flatMap((round) => round.during);
  const factor = percentile(during, 0.99) / percentile(before, 0.99);
  const isEnough = before.length >= SAMPLES_MIN && during.length >= SAMPLES_MIN;
  const each = (values: readonly number[]) => `p99 ${ms(percentile(values, 0.99))} of n = ${values.length}`;
  return [
    goal('readers parked: 0', parked === 0, `${parked}`, 'counted in the logs of the gateways'),
    goal(
      `introspection, p99 in the switchovers against before: at most ${GOALS.p99Factor} x, with ${SAMPLES_MIN} samples on each side`,
      isEnough && factor <= GOALS.p99Factor,
      `${factor.toFixed(2)} x`,
      `before: ${each(before)}; in the windows: ${each(during)}${isEnough ? '' : '; too few samples'}`,
    ),
  ];
}

function writerGoals(rounds: readonly MeasuredRound[]): readonly Goal[] {
  const held = rounds.map(heldWithoutDrain);
  const [p50, p99] = [percentile(held, 0.5), percentile(held, 0.99)];
  const longest = Math.max(...rounds.map(({ receipt }) => receipt.holdMs));
  const worst = rounds.find(({ receipt }) => receipt.holdMs === longest);
  const isEnough = rounds.length >= SWITCHOVERS_MIN;
  const n = `of n = ${rounds.length} switchovers`;
  return [
    goal(
      `writers held without the drain, p50: at most ${GOALS.heldP50Ms} ms`,
      isEnough && p50 <= GOALS.heldP50Ms,
      `${ms(p50)} ${n}`,
      stepsOf(rounds),
    ),
    goal(
      `the same, p99: at most ${GOALS.heldP99Ms} ms`,
      isEnough && p99 <= GOALS.heldP99Ms,
      `${ms(p99)} ${n}`,
      worstSteps(rounds),
    ),
    goal(
      `with the drain, longest: at most ${GOALS.longestMs} ms`,
      isEnough && longest <= GOALS.longestMs,
      `${ms(longest)} ${n}`,
      worst === undefined ? '' : `its drain took ${ms(drainMs(worst))}`,
    ),
  ];
}

function correctness(rounds: readonly MeasuredRound[]): readonly Goal[] {
  const tally = rounds.reduce((sum, { load }) => addTallies(sum, load.tally), EMPTY_TALLY);
  const wrongReads = rounds.reduce((sum, round) => sum + round.wrongReads, 0);
  const refused = rounds.reduce((sum, { receipt }) => sum + (receipt.refused ?? NaN), 0);
  const requests = rounds.reduce((sum, { load }) => sum + load.requests, 0);
  const isClean = tally.grants > 0 && tally.broken + tally.undecided + wrongReads === 0 && refused === 0;
  return [
    goal('failed requests: 0', tally.failed === 0, `${tally.failed} of ${requests}`, JSON.stringify(tally.failures)),
    goal(
      'oracle clean',
      isClean,
      `${tally.broken} of ${tally.grants} histories broken, ${tally.undecided} undecided, ${wrongReads} wrong reads, ${refused} writes met a guard`,
      tally.shown.join('\n'),
    ),
  ];
}

function roundTripGoal(rounds: readonly MeasuredRound[]): Goal {
  const lags = [...new Set(rounds.flatMap(({ lagMs }) => lagMs ?? []))];
  const points = lags.map((lag) => {
    const own = rounds.filter(({ lagMs }) => lagMs === lag);
    return [
      percentile(
        own.map(({ roundTripMs }) => roundTripMs),
        0.5,
      ),
      percentile(own.map(heldWithoutDrain), 0.5),
    ] as const;
  });
  const { a, b } = fitLine(points);
  const seen = points.map(([roundTrip, held]) => `${ms(held)} at ${ms(roundTrip)}`).join(', ');
  const line = `held = ${a.toFixed(0)} ms + ${b.toFixed(1)} x RTT`;
  return goal(
    `round trips in the pause, b: at most ${GOALS.perRoundTrip}`,
    b <= GOALS.perRoundTrip,
    line,
    `medians without the drain: ${seen}`,
  );
}

function stepsOf(rounds: readonly MeasuredRound[]): string {
  const medians = SWITCHOVER_STEPS.flatMap((step) => {
    const times = rounds.flatMap(({ receipt }) => receipt.stepsMs[step] ?? []);
    return times.length === 0 ? [] : [`${step} ${ms(percentile(times, 0.5))}`];
  });
  return `p50 of the steps: ${medians.join(', ')}`;
}

function worstSteps(rounds: readonly MeasuredRound[]): string {
  const worst = [...rounds].sort((one, other) => heldWithoutDrain(other) - heldWithoutDrain(one))[0];
  if (worst === undefined) return '';
  return `steps of the longest: ${Object.entries(worst.receipt.stepsMs)
    .map(([step, took]) => `${step} ${ms(took)}`)
    .join(', ')}`;
}

function goal(what: string, isMet: boolean, observed: string, because: string): Goal {
  return { what, isMet, observed, because };
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;
