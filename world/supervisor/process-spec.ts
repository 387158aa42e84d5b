import { type RunAs } from '../toolchain/types';

/** How to run one process of a world. */
export interface ProcessSpec {
  /** Unique among the running ones; also the name of the log file. */
  readonly name: string;
  /** Absolute path or a name on PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. @default that of this process */
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly cwd?: string;
  /** Ignored unless this process is root. */
  readonly runAs?: RunAs;
  /** Asked again and again until true; throwing counts as not yet, and its message is shown at the deadline. */
  readonly ready: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
  /** What the program writes when it is ready. Removed before each start: one of an earlier process says nothing of this one. */
  readonly readyFile?: string;
  /** @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
  /** After this the process group is killed. @default 10_000 */
  readonly stopTimeoutMs?: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended, whoever ended it; never rejects. */
  readonly exited: Promise<ProcessExit>;
}

/** A process that ended though nobody asked it to. */
export interface ProcessDeath extends ProcessExit {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly lastLines: readonly string[];
}

/** For messages: `exit code 1`, `signal SIGKILL`. */
export function describeExit(exit: ProcessExit): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`;
}
