import { type Finding, type Verdict } from './oracle/verdict';
import { type Percentiles } from './recording/histogram';
import { type RecordedTraffic } from './recording/recorder';
import { type GeneratorLoad } from './schedule/generator-load';

/** What a traffic process says of itself, at any time and in the end. No tokens, secrets, codes or cookies. */
export interface TrafficReport {
  readonly schemaVersion: 1;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly seed: number;
  readonly actors: number;
  readonly ratePerSecondWanted: number;
  readonly requestsPerSecond: number;
  readonly writesPerSecond: number;
  readonly traffic: RecordedTraffic;
  readonly generator: GeneratorLoad & {
    readonly scheduleLateness: Percentiles;
    /** Schedule time that was given up after a stall of this process. */
    readonly droppedMs: number;
    /** Latencies above are partly this process's own fault. */
    readonly late: boolean;
    /** Operations that waited for a free actor when the report was made, and those that the end cut off. */
    readonly waiting: number;
    readonly unstarted: number;
    /** Operations that ended with a defect of this program; the log has them. */
    readonly defects: number;
  };
  readonly promises: number;
  /** Broken promises that operations met in passing. */
  readonly witnessed: readonly Finding[];
  readonly verdict: Verdict | undefined;
}
