import { type DatabaseSession } from '../../domain/ports/databases';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type StaleChallenge } from '../../domain/ports/targets';
import { type StepInput } from '../../domain/steps';
import { type KnownAttempt } from '../../domain/switchover';
import { type StepDeps } from '../step';
import { type Patience } from './patience';

export interface LatestAttempt {
  readonly attempt: number;
  readonly epoch: number;
  readonly state: Exclude<KnownAttempt, 'none'>;
  /** Since its requests are held, on that database's clock. */
  readonly ageMs: number;
}

export interface SwitchoverRound {
  readonly changes: number;
  readonly rows: number;
  readonly backlog: number;
  readonly durationMs: number;
}

/** A sync that has taken over and stays connected through the pause. */
export interface SwitchoverSync {
  /** One round in transactions that begin after the call. `isRewriteLogged`: after `isDone`, which logs what was rewritten. @throws CutoverFault SYNC_FENCED | SYNC_FAILED */
  round(signal: AbortSignal, isRewriteLogged?: boolean): Promise<SwitchoverRound>;
  /** Whether a round that begins after the call would find nothing: one statement, which carries nothing. */
  isDone(): Promise<boolean>;
  close(): Promise<void>;
}

export interface StaleChallengePage {
  readonly entries: readonly StaleChallenge[];
  /** What to ask for next; the same as before when there was nothing. */
  readonly lastSeq: number;
}

/** What a switchover needs of Hydra's and the sync's side; apart from the step, so that both can be looked at alone. */
export interface SwitchoverTools {
  readonly patience: Patience;
  /**
   * @returns null when no attempt was begun, or blue has no arbiter
   * @throws CutoverFault CROSSED_CONNECTION | CUTOVER_RUNNING (the arbiter is another cutover's)
   */
  latestAttempt(blue: SqlClient, cutoverId: string): Promise<LatestAttempt | null>;
  openSync(
    deps: StepDeps,
    input: StepInput,
    blue: DatabaseSession,
    options: { readonly answerLimitMs: number },
  ): Promise<SwitchoverSync>;
  readStaleChallenges(green: SqlClient, afterSeq: number): Promise<StaleChallengePage>;
}
