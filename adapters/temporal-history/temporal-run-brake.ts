import { BRAKE_QUERY } from '../../domain/brake';
import { CutoverFault } from '../../domain/faults';
import { type RunBrake } from '../../domain/ports/run-brake';
import { type BrakeState } from '../../domain/runbook';
import { askRun } from './ask-run';
import { type TemporalRunHistoryOptions } from './temporal-run-history';

/** {@link RunBrake} by the workflow's Query. */
export class TemporalRunBrake implements RunBrake {
  constructor(private readonly options: TemporalRunHistoryOptions) {}

  async read(environment: string): Promise<BrakeState | null> {
    const { timeoutMs } = this.options;
    const at = { ...this.options.connection(), timeoutMs };
    try {
      return await askRun<BrakeState | null>(at, environment, BRAKE_QUERY);
    } catch (error) {
      throw new CutoverFault(
        'TEMPORAL_UNREACHABLE',
        `the run of ${environment} did not tell within ${timeoutMs} ms how fast blue may be read`,
        { environment },
        error,
      );
    }
  }
}
