/**
 * A test that may be looked at as often as one likes: it keeps the value of a bet against "the share is at most `limit`". As long as
 * that is true, the bet is worth 1 / `alpha` at any time, ever, with a probability of at most `alpha` (Ville's inequality).
 *
 * Source: Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid inference", 2023, sections 3 and 4.
 */
export interface Wager {
  /** What is left to bet on a change that begins later. */
  readonly unspent: number;
  /** By how often the odds are the allowed ones: the natural logarithm of what the bet on it is worth. */
  readonly logWorth: readonly number[];
}

/** By what factor the odds may have grown; each gets an equal part of the bet. */
const ODDS_RATIOS = [1.1, 1.2, 1.4, 1.8, 3, 10, 50] as const;
/** A change is most likely there from the beginning; the rest of the bet is laid bit by bit on one that begins later. */
const BET_ON_START = 0.5;

export const NEW_WAGER: Wager = { unspent: 1, logWorth: ODDS_RATIOS.map(() => -Infinity) };

export interface Observation {
  /** Of `trials`, those that happened. */
  readonly events: number;
  readonly trials: number;
  /** The highest share that is harmless. Chosen without these trials. */
  readonly limit: number;
}

/** @param looks how many observations there will be at most; later ones can still end a bet, and nothing new is bet on them */
export function observe(wager: Wager, { events, trials, limit }: Observation, looks: number): Wager {
  if (trials <= 0 || limit >= 1) return wager;
  const isFirst = wager.unspent === 1;
  const stake = isFirst ? BET_ON_START : Math.min(wager.unspent, (1 - BET_ON_START) / Math.max(1, looks - 1));
  const logWorth = ODDS_RATIOS.map((ratio, index) => {
    const share = (ratio * limit) / (1 - limit + ratio * limit);
    const gain = logGain({ events: Math.min(events, trials), trials, limit }, share);
    const before = wager.logWorth[index] ?? -Infinity;
    return logSum(before, Math.log(stake / ODDS_RATIOS.length)) + gain;
  });
  return { unspent: wager.unspent - stake, logWorth };
}

/** @returns whether the share is above the limit, wrongly in at most `alpha` of all cases */
export function isExceeded({ unspent, logWorth }: Wager, alpha: number): boolean {
  return logWorth.reduce(logSum, Math.log(unspent)) >= -Math.log(alpha);
}

/** Independent tests as one: what is nowhere clear by itself may be clear together. */
export function combine(wagers: readonly Wager[]): Wager {
  const together = ODDS_RATIOS.map((_ratio, index) =>
    wagers.reduce((sum, { unspent, logWorth }) => sum + logWorthOf(logWorth[index], unspent), 0),
  );
  return { unspent: 0, logWorth: together.map((worth) => worth - Math.log(ODDS_RATIOS.length)) };
}

/** One factor's own bet with its part of what is unspent: a martingale by itself. */
function logWorthOf(logWorth = -Infinity, unspent: number): number {
  return logSum(logWorth + Math.log(ODDS_RATIOS.length), Math.log(unspent));
}

function logGain({ events, trials, limit }: Observation, share: number): number {
  return events * Math.log(share / limit) + (trials - events) * Math.log((1 - share) / (1 - limit));
}

function logSum(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  const [high, low] = a > b ? [a, b] : [b, a];
  return high + Math.log1p(Math.exp(low - high));
}

/**
 * @returns the highest share that so many events in so many trials leave likely: Wilson's bound, with an event more than was seen, so
 *   that it holds for rare ones too
 * Source: Wilson, "Probable inference", 1927.
 */
export function upperShare(events: number, trials: number, z: number): number {
  if (trials <= 0) return 1;
  const seen = Math.min(1, (events + 1) / trials);
  const [square, scale] = [z * z, 1 + (z * z) / trials];
  const half = z * Math.sqrt((seen * (1 - seen)) / trials + square / (4 * trials * trials));
  return Math.min(1, (seen + square / (2 * trials) + half) / scale);
}
