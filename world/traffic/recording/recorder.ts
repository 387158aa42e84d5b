import { type Gap, GapTracker } from './gap';
import { Histogram, type Percentiles } from './histogram';
import { PauseTracker, type Pauses } from './pauses';
import { RecentWaits } from './recent-waits';

/**
 * How a request or an operation ended, as a conforming client sees it. `refused`: an answer that the protocol does not
 * promise here. `lost`: no answer, or a 5xx: what it did is unknown.
 */
export const OUTCOMES = ['ok', 'refused', 'lost'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface OperationRow extends Percentiles {
  readonly operation: string;
  readonly ok: number;
  readonly refused: number;
  readonly lost: number;
}

export interface FailureSample {
  readonly at: string;
  readonly operation: string;
  readonly outcome: Outcome;
  /** Status and OAuth error code, or the transport's error code. Never a body. */
  readonly reason: string;
}

export interface RecordedTraffic {
  readonly requests: number;
  readonly requestsByOperation: readonly OperationRow[];
  readonly operations: readonly OperationRow[];
  readonly failedOperations: number;
  readonly writesConfirmed: number;
  readonly restarts: number;
  readonly longestGap: Gap;
  readonly pauses: Pauses;
  readonly failures: readonly FailureSample[];
}

interface Row {
  readonly latency: Histogram;
  readonly counts: Record<Outcome, number>;
}

const FAILURES_KEPT = 50;

/** Everything that happened, in constant memory: one row per kind of request and per operation. */
export class Recorder {
  private readonly requests = new Map<string, Row>();
  private readonly operations = new Map<string, Row>();
  private readonly gap = new GapTracker();
  readonly recent = new RecentWaits();
  private readonly pauses: PauseTracker;
  private readonly failures: FailureSample[] = [];
  private requestCount = 0;
  private writes = 0;
  private restartCount = 0;

  constructor(pauseThresholdMs: number) {
    this.pauses = new PauseTracker(pauseThresholdMs);
  }

  requestSent(atMs: number): void {
    this.gap.sent(atMs);
  }

  requestAnswered(operation: string, sentAtMs: number, answeredAtMs: number, outcome: Outcome): void {
    this.requestCount += 1;
    this.gap.answered(answeredAtMs, outcome === 'ok');
    this.pauses.record(sentAtMs, answeredAtMs);
    this.recent.record(sentAtMs, answeredAtMs);
    add(this.requests, operation, answeredAtMs - sentAtMs, outcome);
  }

  /** @param latencyMs from the time at which the schedule wanted it to begin */
  operation(operation: string, latencyMs: number, outcome: Outcome): void {
    add(this.operations, operation, latencyMs, outcome);
  }

  failure(sample: FailureSample): void {
    if (this.failures.length < FAILURES_KEPT) this.failures.push(sample);
  }

  /** The server confirmed a write. */
  write(): void {
    this.writes += 1;
  }

  /** A login was sent back to its beginning, which the protocol allows once. */
  restart(): void {
    this.restartCount += 1;
  }

  summary(atMs: number): RecordedTraffic {
    const operations = rows(this.operations);
    return {
      requests: this.requestCount,
      requestsByOperation: rows(this.requests),
      operations,
      failedOperations: operations.reduce((sum, row) => sum + row.refused + row.lost, 0),
      writesConfirmed: this.writes,
      restarts: this.restartCount,
      longestGap: this.gap.summary(atMs),
      pauses: this.pauses.summary(),
      failures: this.failures,
    };
  }
}

function add(table: Map<string, Row>, operation: string, durationMs: number, outcome: Outcome): void {
  let row = table.get(operation);
  if (row === undefined) {
    row = { latency: new Histogram(), counts: { ok: 0, refused: 0, lost: 0 } };
    table.set(operation, row);
  }
  row.latency.record(durationMs);
  row.counts[outcome] += 1;
}

function rows(table: ReadonlyMap<string, Row>): OperationRow[] {
  return [...table]
    .map(([operation, row]) => ({ operation, ...row.counts, ...row.latency.summary() }))
    .sort((a, b) => b.count - a.count);
}
