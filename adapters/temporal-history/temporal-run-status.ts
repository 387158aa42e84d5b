import { cutoverWorkflowId, STATUS_QUERY, type CutoverStatus } from '../../domain/runbook';
import { type TemporalRunOptions, withClient } from './with-client';

/** What the latest run of an environment says of itself. */
export class TemporalRunStatus {
  constructor(private readonly options: TemporalRunOptions) {}

  /** @returns null when there is none, or nobody answers in time */
  async read(environment: string): Promise<CutoverStatus | null> {
    // Whatever the reason: the metrics say that nothing is known.
    return withClient(this.options, ({ workflow }) =>
      workflow.getHandle(cutoverWorkflowId(environment)).query<CutoverStatus>(STATUS_QUERY),
    ).catch(() => null);
  }
}
