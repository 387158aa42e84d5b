export const VERDICTS = ['aborted', 'committed', 'unknown'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Why the gateway does not know whether it may forward. */
export const DOUBT_REASONS = ['start', 'restarted_while_holding', 'hold_deadline'] as const;
export type DoubtReason = (typeof DOUBT_REASONS)[number];

export interface DoubtQuestion {
  readonly reason: DoubtReason;
  /** The epoch in question: held, or at a start the staged one; null when none is known here. */
  readonly epoch: number | null;
  readonly appliedEpoch: number;
}

/**
 * Settles who serves. It must not look but *claim*: `aborted` promises that the epoch can never be committed any more.
 *
 * `aborted`: serve the applied state; `committed`: apply the epoch in question and serve it; `unknown`: nobody knows yet, the
 * gateway answers 503 and asks again. A rejection counts as `unknown`.
 */
export type ResolveDoubt = (question: DoubtQuestion) => Promise<Verdict>;

/** For a gateway without an arbiter: only an operator's apply or revert ends the doubt. */
export const neverResolved: ResolveDoubt = async () => 'unknown';
