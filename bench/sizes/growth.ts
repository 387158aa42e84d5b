import { type Figures } from './measure';

export type FigureName = keyof Figures;

export interface Point {
  readonly grants: number;
  readonly figure: number;
}

/** Below these, what else goes on in the server and in the worker says more of a figure than the phase does. */
const NOISE: Figures = { ms: 2_000, cpuMs: 1_000, tempBytes: 5e6, walBytes: 5e6, memoryBytes: 32e6 };

/** What is allowed of each. */
export const LIMITS: Figures = {
  ms: 24 * 3_600_000,
  cpuMs: Number.POSITIVE_INFINITY,
  tempBytes: 50e9,
  walBytes: 2e12,
  memoryBytes: 1e9,
};

/**
 * How a figure grows with the number of grants, by least squares through all sizes at which it stands above the noise: 1 is linear.
 *
 * @returns null where it does so at fewer than two sizes: of noise nothing can be said
 */
export function exponentOf(name: FigureName, points: readonly Point[]): number | null {
  const clear = points.filter(({ figure }) => figure >= NOISE[name]);
  if (clear.length < 2) return null;
  const [xs, ys] = [clear.map(({ grants }) => Math.log(grants)), clear.map(({ figure }) => Math.log(figure))];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
  return spread === 0 ? null : xs.reduce((sum, x, index) => sum + (x - x0) * ((ys[index] ?? 0) - y0), 0) / spread;
}

/**
 * What a figure is at another number of grants: growing as it did, and at least linearly, because what is small now is mostly fixed cost.
 * Memory that does not grow is not made to.
 *
 * @returns null where the figure is noise at the largest size, or memory is at all others
 */
export function extrapolate(name: FigureName, points: readonly Point[], grants: number): number | null {
  const largest = points.at(-1);
  const growth = growthOf(name, points);
  if (largest === undefined || largest.figure < NOISE[name] || growth === null) return null;
  return largest.figure * (grants / largest.grants) ** growth;
}

/** @returns the number of grants at which a figure reaches its limit; null where it is noise, or does not grow */
export function runsOutAt(name: FigureName, points: readonly Point[]): number | null {
  const largest = points.at(-1);
  const growth = growthOf(name, points);
  if (largest === undefined || largest.figure < NOISE[name] || growth === null || growth === 0) return null;
  return largest.grants * (LIMITS[name] / largest.figure) ** (1 / growth);
}

/** Half of linear: less is a cache that fills. */
const FLAT = 0.5;

function growthOf(name: FigureName, points: readonly Point[]): number | null {
  const exponent = exponentOf(name, points);
  if (name === 'memoryBytes') return exponent !== null && exponent < FLAT ? 0 : exponent;
  return Math.max(1, exponent ?? 1);
}
