/**
 * How long a switchover waits for whom. Each call that it makes has a limit on this side: where the network swallows packets, no
 * server can end a wait.
 */
export interface Patience {
  /** For an answer to one statement of the rounds before the hold; longer than the take-over waits for an older syncer. */
  readonly statementMs: number;
  /** For a whole round before the hold: it may carry a rewritten table, but not for ever. */
  readonly roundMs: number;
  /** For one question to an arbiter, with its connection, before another connection is tried. */
  readonly questionMs: number;
  /** For the entered side to answer after the commit, before it is asked anew in another session: requests are held meanwhile. */
  readonly enteredMs: number;
  /** For the first answer of the left side after the commit, whatever is left of the pause: it may be just being started again. */
  readonly fenceMs: number;
  /** For a claim; then the step ends and is repeated, and gateways ask by themselves meanwhile. */
  readonly claimMs: number;
  /** For gateways and targets to confirm that an attempt is given up. */
  readonly revertMs: number;
}

export const PATIENCE: Patience = {
  statementMs: 30_000,
  roundMs: 120_000,
  questionMs: 5_000,
  enteredMs: 10_000,
  fenceMs: 10_000,
  claimMs: 30_000,
  revertMs: 5_000,
};
