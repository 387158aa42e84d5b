import { BRAKE_QUERY } from '../../domain/brake';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type RunBrake } from '../../domain/ports/run-brake';
import { type BrakeState, cutoverWorkflowId } from '../../domain/runbook';
import { type TemporalRunOptions, withClient } from './with-client';

/** {@link RunBrake} by the workflow's Query. */
export class TemporalRunBrake implements RunBrake {
  constructor(private readonly options: TemporalRunOptions) {}

  async read(environment: string): Promise<BrakeState | null> {
    try {
      return await withClient(this.options, ({ workflow }) =>
        workflow.getHandle(cutoverWorkflowId(environment)).query<BrakeState | null>(BRAKE_QUERY),
      );
    } catch (error) {
      if (isCutoverFault(error)) throw error;
      throw new CutoverFault(
        'TEMPORAL_UNREACHABLE',
        `the run of ${environment} did not report within ${this.options.timeoutMs} ms how fast blue may be read`,
        { environment },
        error,
      );
    }
  }
}
