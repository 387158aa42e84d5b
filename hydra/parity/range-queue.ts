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

/** Hands out the ranges of walks, one after the other, to whoever has a session to spare, and keeps on green how far it is. */
export class RangeQueue {
  readonly #slots: Slot[] = [];
  #walk: { readonly walk: Walk; after: string | null } | undefined;
  #taking: Promise<unknown> = Promise.resolve();
  #noting: Promise<unknown> = Promise.resolve();

  /**
   * @param progress a session on green for this alone
   * @param walks in their order; those that are under way go on where they are
   */
  constructor(
    private readonly progress: SqlClient,
    private readonly walks: WalkProgress[],
    private readonly rangeRows: number = RANGE_ROWS,
  ) {}

  /** @param blue the caller's session: it looks for the end of the range. @returns null when all are handed out */
  take(blue: SqlClient): Promise<RangeTask | null> {
    const taken = this.#taking.then(() => this.#take(blue));
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async #take(blue: SqlClient): Promise<RangeTask | null> {
    if (this.#walk === undefined) {
      const next = this.walks.shift();
      if (next === undefined) return null;
      await this.#inOrder(() => beginPass(this.progress, next.walk));
      this.#walk = { walk: next.walk, after: next.passBegan === null ? null : next.after };
    }
    const { walk, after } = this.#walk;
    const upTo = await readBoundary(blue, walk, 'blue', { after, upTo: null }, this.rangeRows);
    if (upTo === null) this.#walk = undefined;
    else this.#walk.after = upTo;
    const slot: Slot = { walk, parts: null };
    this.#slots.push(slot);
    const done = (parts: readonly ComparedRange[]): Promise<void> => {
      slot.parts = parts;
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
