import { type DatabaseSession } from '../../domain/ports/databases';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { type StepInput } from '../../domain/steps';
import { type KnownAttempt } from '../../domain/switchover';
import { type StaleChallengePage } from '../../hydra/sync';
import { type StepDeps } from '../step';
import { type OpenSync } from '../sync-session';
import { type Patience } from './patience';

export interface LatestAttempt {
  readonly attempt: number;
  readonly epoch: number;
  readonly state: Exclude<KnownAttempt, 'none'>;
  /** Since its requests are held, on that database's clock. */
  readonly ageMs: number;
}

/** What a switchover needs of Hydra's and the sync's side; apart from the step, so that both can be looked at alone. */
export interface SwitchoverTools {
  readonly patience: Patience;
  /**
   * @param side how `left` is reached
   * @returns null when no attempt was begun, or the left side has no arbiter
   * @throws CutoverFault CROSSED_CONNECTION | CUTOVER_RUNNING (the arbiter is another cutover's)
   */
  latestAttempt(left: SqlClient, cutoverId: string, side: SideName): Promise<LatestAttempt | null>;
  openSync(
    deps: StepDeps,
    input: StepInput,
    keeper: DatabaseSession,
    options: { readonly answerLimitMs: number },
  ): Promise<OpenSync>;
  readStaleChallenges(entered: SqlClient, afterSeq: number): Promise<StaleChallengePage>;
}
