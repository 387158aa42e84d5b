import { STATUS_QUERY, type CutoverStatus } from '../../domain/runbook';
import { askRun } from './ask-run';
import { type TemporalRunHistoryOptions } from './temporal-run-history';

/** What the latest run of an environment says of itself. */
export class TemporalRunStatus {
  constructor(private readonly options: TemporalRunHistoryOptions) {}

  /** @returns null when there is none, or nobody answers in time */
  async read(environment: string): Promise<CutoverStatus | null> {
    const at = { ...this.options.connection(), timeoutMs: this.options.timeoutMs };
    // Whatever the reason: the metrics say that nothing is known.
    return askRun<CutoverStatus>(at, environment, STATUS_QUERY).catch(() => null);
  }
}
