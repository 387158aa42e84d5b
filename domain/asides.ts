import { type PageVerdict } from './page/page';
import { type Report } from './receipts';
import { type AnyPhase, type Gate, type Mode, type Outcome } from './runbook';
import { type StepInput } from './steps';

/**
 * What is done beside a run and decides nothing of it: no run waits long for one, is undone for one, or fails because of one. What
 * becomes of them is said.
 */
export interface Asides {
  /** Writes the report to the folder of `report.to`. Idempotent: a repeat writes the same files again. */
  keepReport(input: KeepReportInput): Promise<KeptReport>;
  /** Sends one piece of news to `webhook.url`; does nothing without one. @throws CutoverFault WEBHOOK_FAILED (retryable) */
  tell(news: News): Promise<void>;
  /**
   * Whether blue's arbiter says that the writes of this cutover have moved. Changes nothing.
   * @throws CutoverFault DB_UNREACHABLE (retryable)
   */
  isCommitted(input: StepInput): Promise<boolean>;
}

export interface KeepReportInput {
  readonly environment: string;
  readonly report: Report;
}

/** `file`: the names in the folder, of which the last was written last; `sha256` is that of the HTML file. */
export type KeptReport =
  | { readonly kept: 'file'; readonly path: string; readonly sha256: string; readonly sizeBytes: number }
  | { readonly kept: 'nowhere'; readonly why: string };

export const NEWS_EVENTS = {
  gate_opened: 'a person is asked',
  gate_closing: 'nobody has decided, and soon it is too late',
  person_needed: 'the run cannot go on by itself',
  committed:
    'there is no way back any more: the writes have moved to green, or the old version of an upgrade in place is gone',
  ended: 'the run is over',
} as const;
export type NewsEvent = keyof typeof NEWS_EVENTS;

/** What a webhook is told. No secret, token, subject or row content. */
export interface News {
  readonly schemaVersion: 1;
  /** One of its kind: a repeat of the same news has the same. */
  readonly id: string;
  readonly event: NewsEvent;
  /** ISO 8601. */
  readonly at: string;
  readonly environment: string;
  readonly cutoverId: string;
  readonly mode: Mode;
  readonly phase: AnyPhase;
  readonly committed: boolean;
  /** Of a gate. */
  readonly gate?: Gate;
  readonly question?: string;
  readonly deadline?: string;
  readonly why?: string;
  readonly verdict?: PageVerdict;
  /** Of a run that is over. */
  readonly outcome?: Outcome;
  readonly cause?: { readonly code: string; readonly message: string };
  /** Where it is kept; absent where that was not known in time. */
  readonly report?: KeptReport;
}
