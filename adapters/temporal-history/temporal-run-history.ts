import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type PastRun, type RunHistory } from '../../domain/ports/run-history';
import { readRuns } from './read-runs';
import { type TemporalRunOptions, withClient } from './with-client';

/** {@link RunHistory} over what Temporal keeps. */
export class TemporalRunHistory implements RunHistory {
  constructor(private readonly options: TemporalRunOptions) {}

  async recent(environment: string, limit: number): Promise<readonly PastRun[]> {
    try {
      return await withClient(this.options, (client) => readRuns(client, environment, limit));
    } catch (error) {
      if (isCutoverFault(error)) throw error;
      throw new CutoverFault(
        'TEMPORAL_UNREACHABLE',
        `Temporal did not list the earlier runs of ${environment} within ${this.options.timeoutMs} ms`,
        { environment },
        error,
      );
    }
  }
}
