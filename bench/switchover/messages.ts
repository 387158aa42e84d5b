import { type TallySummary } from '../../test/contention/traffic/tally';

/** Where a gateway is reached. */
export interface GatewayUrls {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly publicPort: number;
}

export interface StartOrder {
  readonly kind: 'start';
  readonly gateways: readonly GatewayUrls[];
  readonly issuer: string;
  readonly seed: number;
  /** Of `readers.ts`: questions in a second. */
  readonly perSecond: number;
}

/** Milliseconds since 1970, as all processes of a machine have them. */
export type LoadOrder =
  StartOrder | { readonly kind: 'moved'; readonly from: number; readonly to: number } | { readonly kind: 'stop' };

/** What `load.ts` says at its stop. */
export interface LoadResult {
  readonly tally: TallySummary;
  readonly requests: number;
  readonly slow: number;
}

/** What `readers.ts` says at its stop: each question with when it was due, how long its answer took from then on, and whether it was right. */
export type ReaderSample = readonly [dueAt: number, durationMs: number, isRight: boolean];

/** Milliseconds since 1970 with the fractions of this process's own clock. */
export const sinceEpoch = (at: number = performance.now()): number => performance.timeOrigin + at;
