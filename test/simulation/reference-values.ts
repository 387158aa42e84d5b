import { isExceeded, NEW_WAGER, observe, upperShare, type Wager } from '../../domain/judge/sequential-test';

export interface ReferenceValue {
  readonly what: string;
  readonly expected: number;
  readonly found: number;
  /** Half of the last digit that the source gives. */
  readonly tolerance: number;
}

const Z_95 = 1.959_964;
const TRIALS = 10;
const LIMIT = 0.1;
const LOOKS = 2;

/** What the judge's arithmetic makes of cases whose answer is known from elsewhere. */
export function referenceValues(): readonly ReferenceValue[] {
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3. Ours counts an event more.
  const newcombe = [
    [81, 263, 0.3662],
    [15, 148, 0.1605],
    [1, 29, 0.1718],
  ] as const;
  const bounds = newcombe.map(([events, trials, expected]) => ({
    what: `Wilson's upper bound of ${events} of ${trials}`,
    ...{ expected, found: upperShare(events - 1, trials, Z_95), tolerance: 0.000_05 },
  }));
  // By hand: half is kept, the other half goes on each odds ratio in equal parts, at the odds of the binomial distribution.
  const byHand = [
    [3, 1.440_838],
    [0, 0.716_252],
  ] as const;
  const worths = byHand.map(([events, expected]) => ({
    what: `worth of the bet after ${events} of ${TRIALS}, ${LIMIT} allowed`,
    ...{ expected, found: worthOf(betOn(events)), tolerance: 0.000_001 },
  }));
  return [
    ...bounds,
    ...worths,
    { what: 'what the bet is worth on average, at the limit', expected: 1, found: fairWorth(), tolerance: 1e-9 },
  ];
}

export function isAsExpected({ expected, found, tolerance }: ReferenceValue): boolean {
  return Math.abs(found - expected) <= tolerance;
}

function betOn(events: number): Wager {
  return observe(NEW_WAGER, { events, trials: TRIALS, limit: LIMIT }, LOOKS);
}

/** Over everything that can happen in two looks, each with its probability: a fair bet neither wins nor loses. */
function fairWorth(): number {
  let sum = 0;
  for (let first = 0; first <= TRIALS; first += 1) {
    for (let second = 0; second <= TRIALS; second += 1) {
      const wager = observe(betOn(first), { events: second, trials: TRIALS, limit: LIMIT }, LOOKS);
      sum += binomial(first) * binomial(second) * worthOf(wager);
    }
  }
  return sum;
}

/** Asked of the test itself: the lowest level at which it still calls the limit exceeded. */
function worthOf(wager: Wager): number {
  let [low, high] = [-50, 50];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (isExceeded(wager, Math.exp(-middle))) low = middle;
    else high = middle;
  }
  return Math.exp(low);
}

function binomial(events: number): number {
  let ways = 1;
  for (let n = 0; n < events; n += 1) ways = (ways * (TRIALS - n)) / (n + 1);
  return ways * LIMIT ** events * (1 - LIMIT) ** (TRIALS - events);
}
