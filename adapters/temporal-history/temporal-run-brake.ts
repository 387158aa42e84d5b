import { Client, Connection } from '@temporalio/client';
import { BRAKE_QUERY } from '../../domain/brake';
import { CutoverFault } from '../../domain/faults';
import { type RunBrake } from '../../domain/ports/run-brake';
import { type BrakeState, cutoverWorkflowId } from '../../domain/runbook';
import { type TemporalRunHistoryOptions } from './temporal-run-history';

/** {@link RunBrake} by the workflow's Query. Connects for each look and leaves nothing open. */
export class TemporalRunBrake implements RunBrake {
  constructor(private readonly options: TemporalRunHistoryOptions) {}

  async read(environment: string): Promise<BrakeState | null> {
    const { timeoutMs } = this.options;
    const { connectionOptions, namespace } = this.options.connection();
    const connection = Connection.lazy({ ...connectionOptions, connectTimeout: timeoutMs });
    try {
      const { workflow } = new Client({ connection, namespace });
      return await connection.withDeadline(Date.now() + timeoutMs, () =>
        workflow.getHandle(cutoverWorkflowId(environment)).query<BrakeState | null>(BRAKE_QUERY),
      );
    } catch (error) {
      throw new CutoverFault(
        'TEMPORAL_UNREACHABLE',
        `the run of ${environment} did not tell within ${timeoutMs} ms how fast blue may be read`,
        { environment },
        error,
      );
    } finally {
      await connection.close();
    }
  }
}
