import { type SqlClient } from '../../domain/ports/sql-client';
import { type KeyRange } from '../paths/copy-path';
import { type ComparedRange, RANGE_ROWS, readBoundary } from './compare-range';
import { type WalkProgress, beginPass, noteRange } from './parity-progress';
import { type Walk } from './walks';

/** A range that is to be compared. */
export interface RangeTask {
  readonly walk: Walk;
  readonly range: KeyRange;
  /** Says what it is like, in parts where it was split. What lies before it is noted first, whoever is done sooner. */
  readonly done: (parts: readonly ComparedRange[]) => Promise<void>;
}

interface Slot {
  readonly walk: Walk;
  parts: readonly ComparedRange[] | null;
}

const SHORT_MS = 3_000;
const LONG_MS = 15_000;
const ROWS_MIN = 1_000;
const ROWS_MAX = 16 * RANGE_ROWS;

/**
 * The more rows a range has, the more of them lie on one page, and the fewer pages are read: so a range that took little time is followed by
 * larger ones. One that took long is followed by smaller ones, because no snapshot may be held for more than a minute.
 *
 * @returns the rows of the ranges to come
 */
export function nextRows(rows: number, tookMs: number): number {
  if (tookMs < SHORT_MS) return Math.min(rows * 2, ROWS_MAX);
  return tookMs > LONG_MS ? Math.max(Math.ceil(rows / 2), ROWS_MIN) : rows;
}

/** Hands out the ranges of walks, one after the other, to whoever has a session to spare, and keeps on the target how far it is. */
export class RangeQueue {
  readonly #slots: Slot[] = [];
  #rows = RANGE_ROWS;
  #walk: { readonly walk: Walk; after: string | null } | undefined;
  #taking: Promise<unknown> = Promise.resolve();
  #noting: Promise<unknown> = Promise.resolve();

  /**
   * @param progress a session on the target for this alone
   * @param walks in their order; those that are under way go on where they are
   * @param fixedRows of every range. @default as {@link nextRows} says
   */
  constructor(
    private readonly progress: SqlClient,
    private readonly walks: WalkProgress[],
    private readonly fixedRows?: number,
  ) {}

  /** @param from the caller's session: it looks for the end of the range. @returns null when all are handed out */
  take(from: SqlClient): Promise<RangeTask | null> {
    const taken = this.#taking.then(() => this.#take(from));
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async #take(from: SqlClient): Promise<RangeTask | null> {
    if (this.#walk === undefined) {
      const next = this.walks.shift();
      if (next === undefined) return null;
      await this.#inOrder(() => beginPass(this.progress, next.walk));
      this.#walk = { walk: next.walk, after: next.passBegan === null ? null : next.after };
    }
    const { walk, after } = this.#walk;
    const upTo = await readBoundary(from, walk, 'from', { after, upTo: null }, this.fixedRows ?? this.#rows);
    if (upTo === null) this.#walk = undefined;
    else this.#walk.after = upTo;
    const slot: Slot = { walk, parts: null };
    this.#slots.push(slot);
    const begunAt = performance.now();
    const done = (parts: readonly ComparedRange[]): Promise<void> => {
      slot.parts = parts;
      // The last one is as small as it happens to be.
      if (upTo !== null) this.#rows = nextRows(this.#rows, performance.now() - begunAt);
      return this.#inOrder(() => this.#note());
    };
    return { walk, range: { after, upTo }, done };
  }

  async #note(): Promise<void> {
    for (let first = this.#slots[0]; first !== undefined && first.parts !== null; first = this.#slots[0]) {
      for (const part of first.parts) await noteRange(this.progress, first.walk, part);
      this.#slots.shift();
    }
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    const noted = this.#noting.then(work);
    this.#noting = noted.catch(() => undefined);
    return noted;
  }
}
