import { type SwitchoverReceipt } from '../../domain/receipts';
import { holdOf } from '../../test/contention/hold-of';
import { type LoadResult, type ReaderSample } from './messages';

type Committed = Extract<SwitchoverReceipt, { outcome: 'committed' }>;

/** One switchover of the benchmark. */
export interface MeasuredRound {
  /** What the worker's links add to a question and its answer; null: it has no links. */
  readonly lagMs: number | null;
  /** Measured over a link, the server's own time included. */
  readonly roundTripMs: number;
  readonly receipt: Committed;
  readonly attempts: number;
  readonly load: LoadResult;
  /** Answers to questions that were due before the switchover, and to those that fell into it. */
  readonly before: readonly number[];
  readonly during: readonly number[];
  readonly wrongReads: number;
  readonly readersParked: number;
}

/** Of the time before a switchover so much is the baseline. */
export const BEFORE_MS = 3_000;

export const drainMs = ({ receipt }: MeasuredRound): number => receipt.stepsMs.hold ?? 0;
export const heldWithoutDrain = (round: MeasuredRound): number => Math.max(0, round.receipt.holdMs - drainMs(round));

/** The window of a switchover: from when the parties were staged until the last write was released. */
export function windowOf({ heldAt, holdMs, stepsMs }: Committed): { readonly from: number; readonly to: number } {
  const { from, to } = holdOf({ heldAt, holdMs });
  return { from: from - (stepsMs.stage ?? 0), to };
}

/** A question belongs to the window if it was open at any moment of it. */
export function splitSamples(samples: readonly ReaderSample[], { from, to }: ReturnType<typeof windowOf>) {
  const before = samples.filter(([dueAt, tookMs]) => dueAt >= from - BEFORE_MS && dueAt + tookMs < from);
  const during = samples.filter(([dueAt, tookMs]) => dueAt <= to && dueAt + tookMs >= from);
  const times = (some: readonly ReaderSample[]) => some.map(([, tookMs]) => tookMs);
  return {
    before: times(before),
    during: times(during),
    wrongReads: samples.filter(([, , isRight]) => !isRight).length,
  };
}

/** Exact, by sorting: these are a few thousand values. @returns NaN of nothing */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** `y = a + b x` with the least squares. @returns NaN where all x are equal */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): {
  readonly a: number;
  readonly b: number;
} {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x0, y0] = [mean(xs), mean(ys)];
  const over = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  const under = xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
  const b = under === 0 ? NaN : over / under;
  return { a: y0 - b * x0, b };
}
