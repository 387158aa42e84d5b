import { type BrakeState } from '../runbook';

/** What the run of an environment was told about the reading of blue, asked while its steps run. */
export interface RunBrake {
  /**
   * @returns null: nothing was set
   * @throws CutoverFault TEMPORAL_UNREACHABLE (no answer in time, or none of this kind)
   */
  read(environment: string): Promise<BrakeState | null>;
}
