import { type CallersReceipt } from '../callers';
import { type ChartPoint } from '../page/page';
import { type HydraMetrics } from '../ports/hydra-api';
import { type CanaryReceipt } from './evidence';

/** Something that a finished cutover leaves behind, with data of people in it. */
export interface Remains {
  readonly what: string;
  readonly where: string;
  readonly until: string;
  /** What removes it. */
  readonly remove: string;
}

export interface FinalizeReceipt {
  readonly remains: readonly Remains[];
}

export interface DrainReceipt {
  /** Revocations that blue captured. */
  readonly captured: number;
  /** Of these, in the ledger of green with an outcome. */
  readonly applied: number;
  readonly missing: number;
  readonly undoneChanges: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly notCarried: readonly { readonly what: string; readonly count: number; readonly why: string }[];
}

/** What was looked at before Hydra on blue was stopped. */
export interface StopBlueReceipt {
  /** For requests of gateways that were under way there. */
  readonly waitedMs: number;
  /** Gateways that did not tell whether they had any. */
  readonly silent: readonly string[];
  /** Who called it past the gateways when it served nobody any more. */
  readonly callers: CallersReceipt;
}

export interface ValidationReceipt {
  readonly ok: boolean;
  /** One of the checks, unless it is inconclusive. Missing where an older worker validated. */
  readonly canaryUser?: CanaryReceipt;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly observed: string }[];
}

/**
 * `clean`: enough was seen, and all of it good. `bad`: something is wrong. `inconclusive`: nothing is wrong, and too little was seen
 * to say more; nobody but a person takes that for good.
 */

export type BakeVerdict = 'clean' | 'bad' | 'inconclusive';

export interface BakeReceipt {
  readonly verdict: BakeVerdict;
  readonly durationMs: number;
  readonly requests: number;
  readonly errorRate: number;
  readonly p95Ms: number | null;
  /** Why it is bad, or what was not seen. */
  readonly problems: readonly string[];
  /** 95th percentile of clients' answers in milliseconds, look by look. Missing where an older worker baked. */
  readonly seen?: readonly ChartPoint[];
}

export interface PurgeGuardReceipt {
  readonly ok: boolean;
  readonly jobs: readonly {
    readonly name: string;
    readonly wouldRemove: number;
    readonly explained: number;
    /** Would be removed, and the job did not say whose they are. */
    readonly unnamed: number;
    /** Would be removed although Hydra lists the consent that they hang on: the job misreads green. */
    readonly intact: number;
    /** Would be removed because Hydra does not list a consent that green has: green is damaged. */
    readonly hidden: number;
  }[];
}

export interface MetricsReceipt {
  readonly blue: HydraMetrics | null;
  readonly green: HydraMetrics | null;
}
