import { setTimeout as sleep } from 'node:timers/promises';
import { type SourceLoad, type BrakeSettings, overload } from '../domain/brake';
import { type DatabaseSession } from '../domain/ports/databases';
import { queryRows } from '../domain/ports/sql-client';
import { type BrakeState } from '../domain/runbook';
import { type StepInput } from '../domain/steps';
import { type StepContext, type StepDeps } from './step';
import { type SideName } from '../domain/sides';

/** A person who pauses waits for so long at most. */
const ASK_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 2_000;
const WAIT_MS = 500;
/** By itself it only slows down: what never went on would fall behind for ever. */
const OVERLOADED_MS_MAX = 30_000;

/** What {@link Brake} needs; tests bring their own. */
export interface BrakeSources {
  /** Whose reading is slowed down. */
  readonly side: SideName;
  readonly state: () => Promise<BrakeState | null>;
  readonly load: () => Promise<SourceLoad>;
  /** Says why it waits, or null when it goes on. */
  readonly say: (reason: string | null) => void;
}

/** Stands before each piece of reading on the left side: lets it pass, or waits because a person or the load there wants it. */
export class Brake {
  #state: BrakeState | null = null;
  #asked = -Infinity;
  #reason: string | null = null;
  #looked = -Infinity;
  /** When as many rows may have been read as were. */
  #freeAt = 0;
  #refreshing: Promise<void> | undefined;

  constructor(
    private readonly settings: BrakeSettings,
    private readonly sources: BrakeSources,
  ) {}

  /** Before a transaction that reads there. @throws the signal's reason */
  async pass(signal: AbortSignal): Promise<void> {
    const since = performance.now();
    let said = false;
    for (;;) {
      signal.throwIfAborted();
      await (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
      const reason = this.#why(performance.now() - since);
      if (reason !== null || said) this.sources.say(reason);
      if (reason === null) return;
      said = true;
      await sleep(WAIT_MS, undefined, { signal });
    }
  }

  /** After it, how many rows that were. */
  took(rows: number): void {
    const perSecond = this.#rate();
    if (perSecond !== null) this.#freeAt = Math.max(this.#freeAt, performance.now()) + (rows / perSecond) * 1_000;
  }

  #rate(): number | null {
    return this.#state?.rowsPerSecond ?? this.settings.rowsPerSecond;
  }

  #why(waitedMs: number): string | null {
    if (this.#state?.paused === true) {
      const { by, at, note } = this.#state;
      return `paused by ${by} at ${at}${note === undefined ? '' : ` (${note})`}`;
    }
    const rate = this.#rate();
    if (rate !== null && performance.now() < this.#freeAt)
      return `at most ${rate} rows of ${this.sources.side} a second`;
    return waitedMs < OVERLOADED_MS_MAX ? this.#reason : null;
  }

  async #refresh(): Promise<void> {
    if (performance.now() - this.#asked > ASK_EVERY_MS) {
      const before = this.#rate();
      // Whoever cannot be asked has changed nothing.
      this.#state = await this.sources.state().catch(() => this.#state);
      this.#asked = performance.now();
      if (this.#rate() !== before) this.#freeAt = 0;
    }
    if (performance.now() - this.#looked > LOOK_EVERY_MS) {
      this.#reason = overload(await this.sources.load(), this.settings);
      this.#looked = performance.now();
    }
  }
}

/** Runs `work` with a brake that looks at the left side in a session of its own. */
export function withBrake<T>(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  signal: AbortSignal,
  work: (brake: Brake) => Promise<T>,
): Promise<T> {
  return deps.databases.withSession(
    deps.direction.from,
    (left) =>
      work(
        new Brake(deps.settings.brake, {
          side: deps.direction.from,
          state: () => deps.brake?.read(input.environment) ?? Promise.resolve(null),
          load: () => readLoad(left),
          say: (reason) => context.heartbeat({ step: reason === null ? 'goes on' : 'braked', reason }),
        }),
      ),
    { signal, purpose: 'brake' },
  );
}

/** @returns whether a person has paused the reading of the left side; undefined: not, or nobody can be asked */
export async function pausedBy(deps: StepDeps, { environment }: StepInput): Promise<BrakeState | undefined> {
  const state = await deps.brake?.read(environment).catch(() => null);
  return state?.paused === true ? state : undefined;
}

async function readLoad(left: DatabaseSession): Promise<SourceLoad> {
  const [row] = await queryRows<Omit<SourceLoad, 'probeMs'>>(
    left,
    `SELECT (SELECT pg_catalog.round(extract(epoch FROM pg_catalog.max(replay_lag)) * 1000)::float8
               FROM pg_catalog.pg_stat_replication) AS "replicationLagMs",
            (SELECT pg_catalog.count(*)::float8 FROM pg_catalog.pg_stat_activity
              WHERE state = 'active' AND backend_type = 'client backend' AND application_name NOT LIKE 'hydra-cutover%') AS "activeSessions"`,
  );
  const startedAt = performance.now();
  await left.query('SELECT installed_at FROM hydra_cutover.run');
  return {
    replicationLagMs: row?.replicationLagMs ?? null,
    activeSessions: row?.activeSessions ?? null,
    probeMs: performance.now() - startedAt,
  };
}
