import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import { lastLogLines } from './log-tail';
import { forgetProcess, takeAnnouncement } from './process-record';
import { type ProcessDeath, type ProcessExit, type ProcessSpec, type RunningProcess } from './process-spec';
import { logsDir } from './run-dir';
import { send } from './signal-process';
import { spawnRecorded } from './spawn-recorded';
import { waitUntilReady } from './wait-until-ready';

const DEFAULT_STOP_TIMEOUT_MS = 10_000;

export interface SupervisorOptions {
  readonly runDir: string;
  readonly logger: Logger;
}

interface Child extends RunningProcess {
  readonly spec: ProcessSpec;
  /** From here on its end is wanted. */
  stopping: boolean;
  ready: boolean;
}

/**
 * Starts the processes of one world, watches them, and stops them in reverse order.
 *
 * Every process is recorded before it runs, so that the reaper or the next start can end what this one could not.
 */
export class Supervisor {
  readonly runDir: string;
  readonly #logger: Logger;
  /** In the order of their start. */
  readonly #children: Child[] = [];
  /** Processes between spawn and the list above. */
  readonly #spawning = new Set<Promise<unknown>>();
  readonly #onDeath: ((death: ProcessDeath) => void)[] = [];
  /** Ended by somebody else who had announced it, and not started since. */
  readonly #endedOnPurpose = new Set<string>();
  #closed = false;

  constructor(options: SupervisorOptions) {
    this.runDir = options.runDir;
    this.#logger = options.logger;
    mkdirSync(logsDir(this.runDir), { recursive: true });
  }

  /** How to run each of them, in the same order. */
  get specs(): readonly ProcessSpec[] {
    return this.#children.map(({ spec }) => spec);
  }

  /** @returns the running processes in the order of their start */
  get processes(): readonly RunningProcess[] {
    return this.#children;
  }

  /** `callback` hears of every process that ended after it was ready though nobody stopped it or announced its end. */
  onDeath(callback: (death: ProcessDeath) => void): void {
    this.#onDeath.push(callback);
  }

  /**
   * Starts a process and waits until it is ready. Either it runs afterwards or nothing of it is left.
   *
   * @throws CutoverFault PROCESS_DIED | PROCESS_NOT_READY
   */
  async start(spec: ProcessSpec): Promise<RunningProcess> {
    if (this.#closed) throw new CutoverFault('INTERNAL', `${spec.name} cannot be started: the world is being stopped`);
    if (this.#children.some((child) => child.name === spec.name)) {
      throw new CutoverFault('INTERNAL', `a process named ${spec.name} runs already; stop it first`);
    }
    this.#endedOnPurpose.delete(spec.name);
    const startedAt = Date.now();
    const logFile = join(logsDir(this.runDir), `${spec.name}.log`);
    const child = await this.#spawn(spec, logFile);
    const { pid } = child;
    try {
      await waitUntilReady(spec, logFile, child.exited);
    } catch (error) {
      await this.#stop(child);
      throw error;
    }
    child.ready = true;
    this.#logger.info({ process: spec.name, pid, durationMs: Date.now() - startedAt }, 'process ready');
    return child;
  }

  /** Whether the last process of this name ended because somebody wanted it to. */
  endedOnPurpose(name: string): boolean {
    return this.#endedOnPurpose.has(name);
  }

  async #spawn(spec: ProcessSpec, logFile: string): Promise<Child> {
    const spawning = spawnRecorded(spec, this.runDir, logFile).then(({ pid, exited }) => {
      const child: Child = { name: spec.name, pid, logFile, exited, spec, stopping: false, ready: false };
      this.#children.push(child);
      void exited.then((exit) => this.#ended(child, exit));
      return child;
    });
    this.#spawning.add(spawning);
    try {
      return await spawning;
    } finally {
      this.#spawning.delete(spawning);
    }
  }

  /** Stops one process and waits for its end. Does nothing when none of this name runs. */
  async stop(name: string): Promise<void> {
    const child = this.#children.find((candidate) => candidate.name === name);
    if (child) await this.#stop(child);
  }

  /** Stops everything, the latest first; nothing can be started afterwards. Idempotent. */
  async stopAll(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#spawning);
    for (let child = this.#children.at(-1); child !== undefined; child = this.#children.at(-1)) {
      await this.#stop(child);
    }
  }

  /** Kills everything at once, without waiting. For a second Ctrl-C. */
  killAll(): void {
    this.#closed = true;
    for (const child of this.#children) {
      child.stopping = true;
      send(-child.pid, 'SIGKILL');
    }
  }

  async #stop(child: Child): Promise<void> {
    child.stopping = true;
    const startedAt = Date.now();
    const { spec } = child;
    const timeoutMs = spec.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
    const timer = new AbortController();
    send(child.pid, spec.stopSignal ?? 'SIGTERM');
    const late = sleep(timeoutMs, true, { signal: timer.signal }).catch(() => false);
    if (await Promise.race([late, child.exited.then(() => false)])) {
      this.#logger.warn(
        { process: spec.name, pid: child.pid, durationMs: timeoutMs },
        'process did not stop, killing it',
      );
      send(-child.pid, 'SIGKILL');
    }
    timer.abort();
    await child.exited;
    this.#remove(child);
    this.#logger.info({ process: spec.name, durationMs: Date.now() - startedAt }, 'process stopped');
  }

  #ended(child: Child, exit: ProcessExit): void {
    this.#remove(child);
    const { name, pid, logFile } = child;
    if (takeAnnouncement(this.runDir, name)) {
      this.#endedOnPurpose.add(name);
      return;
    }
    if (child.stopping || !child.ready) return;
    this.#logger.error({ process: name, pid, exitCode: exit.code, signal: exit.signal }, 'process died');
    const death: ProcessDeath = { name, pid, logFile, ...exit, lastLines: lastLogLines(logFile) };
    for (const callback of this.#onDeath) callback(death);
  }

  #remove(child: Child): void {
    const index = this.#children.indexOf(child);
    if (index < 0) return;
    this.#children.splice(index, 1);
    forgetProcess(this.runDir, child.name);
  }
}
