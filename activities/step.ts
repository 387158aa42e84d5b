import { type CommitWord } from '../domain/commit-word';
import { type CanaryUser } from '../domain/ports/canary-user';
import { type CommandRunner } from '../domain/ports/command-runner';
import { type DatabaseProvider } from '../domain/ports/database-provider';
import { type Databases } from '../domain/ports/databases';
import { type HydraApi } from '../domain/ports/hydra-api';
import { type RunBrake } from '../domain/ports/run-brake';
import { type RunHistory } from '../domain/ports/run-history';
import { type DependentCounter, type Gateway, type Job, type Target } from '../domain/ports/targets';
import { type CutoverSettings } from '../domain/settings';
import { type Direction } from '../domain/sides';

/** What the code of a step may use; composed by the worker. */
export interface StepDeps {
  readonly settings: CutoverSettings;
  /** Which side the writes leave, and which they enter: a step asks for one of these two, never for a side by its colour. */
  readonly direction: Direction;
  readonly databases: Databases;
  readonly provider: DatabaseProvider;
  readonly commands: CommandRunner;
  readonly gateways: readonly Gateway[];
  readonly targets: readonly Target[];
  readonly jobs: readonly Job[];
  readonly hydra: HydraApi;
  /** What dependents count, and the bake is to look at. @default none */
  readonly counters?: readonly DependentCounter[];
  /** Without it no user of the left side is followed, and the gate says so. */
  readonly canaryUser?: CanaryUser;
  /** What keeps the folder of reports from taking one; null: nothing. @default there is no such folder */
  readonly lookAtReportFolder?: () => Promise<string | null>;
  /** Without it nothing is predicted. */
  readonly history?: RunHistory;
  /** Without it nobody is asked how fast the left side may be read. */
  readonly brake?: RunBrake;
  readonly log: StepLog;
}

/** The part that knows no port: what the config says, and of which side. */
export type Configured = Pick<StepDeps, 'settings' | 'direction'>;

/** The part of pino that steps use. */
export interface StepLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One run of a step, as far as it concerns the step's code. */
export interface StepContext {
  /** Aborted when the step is cancelled or the worker stops. Its reason is what to throw. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Says that it is alive and how far it is: small plain JSON without secrets. */
  readonly heartbeat: (progress: Readonly<Record<string, unknown>>) => void;
  /** What the try before this one said last; a hint, never the truth. */
  readonly lastProgress: unknown;
  /** Tells the run what it would hear only at the step's end. Returns at once and never throws; to be said again and again. @default no run is told */
  readonly tellCommitted?: (word: CommitWord) => void;
}

export interface OrderedContext extends StepContext {
  /** Greater than that of every step before, of earlier runs too, and the same for all tries of one. */
  readonly order: number;
}

/** The code of one step. Throws CutoverFaults; the boundary makes Temporal's failures of them. */
export type Step<Input, Result> = (deps: StepDeps, input: Input, context: StepContext) => Promise<Result>;
