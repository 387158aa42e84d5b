import { type Side } from './gateway-state';

export const VERDICTS = ['aborted', 'committed', 'no_cutover', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why the gateway does not know whether it may forward. */
export type DoubtReason = 'start' | 'restarted_while_holding' | 'hold_deadline' | 'lease_over' | 'told';

export interface DoubtQuestion {
  readonly reason: DoubtReason;
  /** The epoch in question: held, or at a start the staged one; null when none is known here. */
  readonly epoch: number | null;
  readonly appliedEpoch: number;
}

/**
 * `aborted`: the epoch in question can never be committed; without one, that no attempt is alive and nothing newer than the applied
 * epoch was committed. `no_cutover`: whoever would know answers, and has never heard of a cutover. `committed`: `epoch` was, and `side`
 * serves it. `unknown`: nobody knows yet.
 */
export type DoubtAnswer =
  | { readonly verdict: 'aborted' | 'no_cutover' | 'unknown' }
  | { readonly verdict: 'committed'; readonly epoch: number; readonly side: Side };

/**
 * Settles who serves. About an epoch it must not look but *claim*: `aborted` promises that it can never be committed any more. Without
 * one it only looks: this gateway acknowledged nothing, so that no attempt counts on it.
 *
 * While the answer is `unknown` the gateway answers 503 and asks again. A rejection counts as `unknown`.
 */
export type ResolveDoubt = (question: DoubtQuestion) => Promise<DoubtAnswer>;

/** For a gateway without an arbiter: only an operator's apply or revert ends the doubt. */
export const neverResolved: ResolveDoubt = async () => ({ verdict: 'unknown' });

/**
 * Whether the arbiter confirms what this gateway is told: that `epoch` was committed, and that the side which serves it takes writes.
 * Claims nothing. Rejects when nobody can be asked.
 */
export type ConfirmCommitted = (epoch: number) => Promise<boolean>;
