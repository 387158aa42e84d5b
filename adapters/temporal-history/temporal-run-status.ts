import { Client, Connection } from '@temporalio/client';
import { cutoverWorkflowId, STATUS_QUERY, type CutoverStatus } from '../../domain/runbook';
import { type TemporalRunHistoryOptions } from './temporal-run-history';

/** What the latest run of an environment says of itself. Connects for each look and leaves nothing open. */
export class TemporalRunStatus {
  constructor(private readonly options: TemporalRunHistoryOptions) {}

  /** @returns null when there is none, or nobody answers in time */
  async read(environment: string): Promise<CutoverStatus | null> {
    const { timeoutMs } = this.options;
    const { connectionOptions, namespace } = this.options.connection();
    const connection = Connection.lazy({ ...connectionOptions, connectTimeout: timeoutMs });
    try {
      const { workflow } = new Client({ connection, namespace });
      return await connection.withDeadline(Date.now() + timeoutMs, () =>
        workflow.getHandle(cutoverWorkflowId(environment)).query<CutoverStatus>(STATUS_QUERY),
      );
    } catch {
      // Whatever the reason: the metrics say that nothing is known.
      return null;
    } finally {
      await connection.close();
    }
  }
}
