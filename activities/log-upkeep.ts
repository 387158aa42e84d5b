import { queryRows } from '../domain/ports/sql-client';
import { pruneChangeLog } from '../hydra/capture';
import { type SyncSides } from '../hydra/sync';
import { type StepDeps, type Configured } from './step';

const LOOK_EVERY_MS = 60_000;

/** Keeps the change log on the left side small while it is carried, and says so where it is large all the same. */
export class LogUpkeep {
  #doneAt = performance.now();
  #said: Readonly<Record<string, unknown>> = {};

  constructor(
    private readonly deps: Pick<StepDeps, 'settings' | 'direction' | 'log'>,
    private readonly sides: Pick<SyncSides, 'from' | 'keeper'>,
    private readonly lookEveryMs = LOOK_EVERY_MS,
  ) {}

  /**
   * Before a transaction of the sync. What is due is removed a piece at a time, so that the sync never stands still for long; while more
   * is due than one piece, each transaction is preceded by one.
   */
  async pass(): Promise<void> {
    if (performance.now() - this.#doneAt > this.lookEveryMs) await this.look();
  }

  async look(): Promise<void> {
    const { isThrough } = await pruneChangeLog(this.sides.from, {}, this.sides.keeper);
    if (!isThrough) return;
    this.#doneAt = performance.now();
    const [size] = await queryRows<{ bytes: number }>(
      this.sides.keeper,
      `SELECT pg_catalog.pg_total_relation_size('hydra_cutover.change_log')::float8 AS bytes`,
    );
    const problem = largeLog(this.deps, size?.bytes ?? 0);
    this.#said = problem === undefined ? {} : { problem };
    if (problem !== undefined) this.deps.log.warn({ bytes: size?.bytes }, problem);
  }

  /** For heartbeats. */
  get said(): Readonly<Record<string, unknown>> {
    return this.#said;
  }
}

/** @returns what is wrong with a change log of that size, if anything */
export function largeLog({ settings, direction: { from } }: Configured, bytes: number): string | undefined {
  const { changeLogBytesMax } = settings.sync;
  if (bytes <= changeLogBytesMax) return undefined;
  return `the change log takes ${megabytes(bytes)} of ${from}'s disk (allowed ${megabytes(changeLogBytesMax)}); decide soon, or give this cutover up before the disk is full`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
