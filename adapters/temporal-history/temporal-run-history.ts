import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { CutoverFault } from '../../domain/faults';
import { type PastRun, type RunHistory } from '../../domain/ports/run-history';
import { readRuns } from './read-runs';

export interface TemporalRunHistoryOptions {
  /** Asked for each time: reading a profile may fail, and then only the prediction is missing. */
  readonly connection: () => { readonly connectionOptions: ConnectionOptions; readonly namespace: string };
  /** For all of one look. */
  readonly timeoutMs: number;
}

/** {@link RunHistory} over what Temporal keeps. Connects for each look and leaves nothing open. */
export class TemporalRunHistory implements RunHistory {
  readonly #options: TemporalRunHistoryOptions;

  constructor(options: TemporalRunHistoryOptions) {
    this.#options = options;
  }

  async recent(environment: string, limit: number): Promise<readonly PastRun[]> {
    const { timeoutMs } = this.#options;
    const { connectionOptions, namespace } = this.#options.connection();
    const connection = Connection.lazy({ ...connectionOptions, connectTimeout: timeoutMs });
    try {
      const client = new Client({ connection, namespace });
      return await connection.withDeadline(Date.now() + timeoutMs, () => readRuns(client, environment, limit));
    } catch (error) {
      throw new CutoverFault(
        'TEMPORAL_UNREACHABLE',
        `Temporal did not tell the earlier runs of ${environment} within ${timeoutMs} ms`,
        { environment },
        error,
      );
    } finally {
      await connection.close();
    }
  }
}
