import { type Report } from '../receipts';
import { type Mode, type Outcome } from '../runbook';

/** One run of the upgrade that ended, or of the step in place before it. */
export interface PastRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly mode: Mode | null;
  /** null: ended by force, without an account of itself. */
  readonly outcome: Outcome | null;
  readonly startedAt: string;
  readonly endedAt: string;
  /** null where nobody kept it. */
  readonly report: Report | null;
}

/** What earlier runs of an environment left: for predictions and for people. */
export interface RunHistory {
  /**
   * @returns runs that ended, the latest first, so many at most
   * @throws CutoverFault TEMPORAL_UNREACHABLE (no answer in time)
   */
  recent(environment: string, limit: number): Promise<readonly PastRun[]>;
}
