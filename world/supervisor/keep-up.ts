import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../domain/error-message';
import { clearBroken, isBroken, markBroken, type PartState, removeBoard, writeBoard } from './parts-board';
import { isRecordedAlive, takeAnnouncement } from './process-record';
import { describeExit, type ProcessDeath, type ProcessSpec } from './process-spec';
import { restartDelayMs } from './restart-policy';
import { killRecorded } from './signal-process';
import { type Supervisor } from './supervisor';

/** How soon a part that is to be away, or is to come back, is noticed. */
const LOOK_MS = 200;

export interface KeepUpOptions {
  readonly supervisor: Supervisor;
  /** One line for a person whenever a part ends, stays away or runs again. */
  readonly say: (line: string) => void;
}

export interface Keeper {
  /** From here on nothing is started any more. */
  close(): void;
}

export type NextMove = { readonly kind: 'start'; readonly afterMs: number } | { readonly kind: 'stayAway' | 'giveUp' };

/** @param failures times (ms) at which the part ended or did not start since it was last mended */
export function nextMove(part: { isBroken: boolean; failures: readonly number[] }, now: number): NextMove {
  if (part.isBroken) return { kind: 'stayAway' };
  const afterMs = restartDelayMs(part.failures, now);
  return afterMs === undefined ? { kind: 'giveUp' } : { kind: 'start', afterMs };
}

interface Part {
  readonly spec: ProcessSpec;
  state: PartState;
  failures: number[];
}

/**
 * Starts what dies of a world that is up again: the same program, on the same ports and the same files. One that somebody broke
 * (`breakPart`) stays away until it is mended, and so does one that does not stay up.
 */
export function keepUp(options: KeepUpOptions): Keeper {
  return new PartsKeeper(options);
}

class PartsKeeper implements Keeper {
  readonly #supervisor: Supervisor;
  readonly #runDir: string;
  readonly #say: (line: string) => void;
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor({ supervisor, say }: KeepUpOptions) {
    this.#supervisor = supervisor;
    this.#runDir = supervisor.runDir;
    this.#say = say;
    this.#parts = new Map(supervisor.specs.map((spec) => [spec.name, { spec, state: 'runs', failures: [] }]));
    // An earlier world in the same folder may have left its marks.
    for (const name of this.#parts.keys()) clearBroken(this.#runDir, name);
    this.#publish();
    supervisor.onDeath((death) => this.#died(death));
    this.#timer = setInterval(() => {
      for (const part of this.#parts.values()) this.#look(part);
    }, LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
    removeBoard(this.#runDir);
  }

  #died(death: ProcessDeath): void {
    const part = this.#parts.get(death.name);
    if (part === undefined || this.#closing.signal.aborted) return;
    part.failures.push(Date.now());
    this.#say(`${death.name} (process ${death.pid}) ended with ${describeExit(death)}`);
    if (part.state === 'runs') this.#reviveInBackground(part);
  }

  /** Notices what the death of a child does not tell: marks, and processes that others started or stopped. */
  #look(part: Part): void {
    const { name } = part.spec;
    const broken = isBroken(this.#runDir, name);
    if (part.state === 'away' && !broken) {
      part.failures = [];
      takeAnnouncement(this.#runDir, name);
      this.#reviveInBackground(part);
    }
    if (part.state !== 'runs' && part.state !== 'stopped') return;
    const wasStopped = part.state === 'runs' && this.#supervisor.endedOnPurpose(name);
    if ((!broken && !wasStopped) || isRecordedAlive(this.#runDir, name)) return;
    if (broken) this.#stayAway(part);
    else this.#setState(part, 'stopped');
  }

  #reviveInBackground(part: Part): void {
    this.#setState(part, 'starts');
    this.#revive(part).catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      part.state = 'away';
      this.#say(`${part.spec.name} is not started again: ${errorMessage(error)}`);
    });
  }

  async #revive(part: Part): Promise<void> {
    const { name } = part.spec;
    for (;;) {
      const move = nextMove({ isBroken: isBroken(this.#runDir, name), failures: part.failures }, Date.now());
      if (move.kind === 'giveUp') {
        markBroken(this.#runDir, name);
        this.#say(`${name} ended ${part.failures.length} times and is not tried any more`);
      }
      if (move.kind !== 'start') return this.#stayAway(part);
      await sleep(move.afterMs, undefined, { signal: this.#closing.signal });
      if (isBroken(this.#runDir, name)) continue;
      // Somebody stopped it for good, or started it, between its death and now.
      if (takeAnnouncement(this.#runDir, name)) return this.#setState(part, 'stopped');
      if (isRecordedAlive(this.#runDir, name)) return this.#setState(part, 'runs');
      if (await this.#start(part)) return;
    }
  }

  /** @returns whether there is nothing more to try */
  async #start(part: Part): Promise<boolean> {
    const { name } = part.spec;
    try {
      const { pid } = await this.#supervisor.start(part.spec);
      this.#setState(part, 'runs');
      this.#say(`${name} runs again (process ${pid})`);
      // Broken while it was started, when nothing of it may have been there to be killed.
      if (isBroken(this.#runDir, name)) killRecorded(this.#runDir, name);
      return true;
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      part.failures.push(Date.now());
      if (this.#supervisor.endedOnPurpose(name)) this.#setState(part, 'stopped');
      else if (!isBroken(this.#runDir, name)) this.#say(`${name} did not start: ${errorMessage(error)}`);
      return part.state === 'stopped';
    }
  }

  #stayAway(part: Part): void {
    this.#setState(part, 'away');
    this.#say(`${part.spec.name} is away until \`world mend ${part.spec.name}\``);
  }

  #setState(part: Part, state: PartState): void {
    part.state = state;
    this.#publish();
  }

  #publish(): void {
    if (this.#closing.signal.aborted) return;
    writeBoard(this.#runDir, Object.fromEntries([...this.#parts].map(([name, { state }]) => [name, state])));
  }
}
