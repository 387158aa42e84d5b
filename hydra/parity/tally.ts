import { createHash } from 'node:crypto';
import { type CarriedTableName, type RowKey } from '../paths/copy-path';
import { type HashedRow } from './parity-queries';

export interface TableParity {
  /** Rows that the source makes, and rows that the target has. */
  readonly from: number;
  readonly to: number;
  /** On the target but not on the source, and the other way round. */
  readonly extra: number;
  readonly missing: number;
  readonly different: number;
}

const EXAMPLES = 20;

/** Counts what a comparison finds; holds no more keys than it is told. */
export class Tally {
  readonly #tables = new Map<CarriedTableName, Record<keyof TableParity, number>>();
  readonly #differing = new Map<CarriedTableName, RowKey[]>();
  readonly #examples: string[] = [];
  #differences = 0;

  constructor(private readonly maxDiffering: number) {}

  open(table: CarriedTableName): void {
    this.#of(table);
  }

  /** Rows that were compared elsewhere and are equal on both sides. */
  addEqual(table: CarriedTableName, rows: number): void {
    const counts = this.#of(table);
    counts.from += rows;
    counts.to += rows;
  }

  /** One key, on the sides that have it. */
  add(table: CarriedTableName, from: HashedRow | null, to: HashedRow | null): void {
    const counts = this.#of(table);
    if (from !== null) counts.from += 1;
    if (to !== null) counts.to += 1;
    if (from?.hash === to?.hash) return;
    const kind = to === null ? 'missing' : from === null ? 'extra' : 'different';
    counts[kind] += 1;
    this.#differences += 1;
    const keys = this.#differing.get(table) ?? [];
    if (this.#differences <= this.maxDiffering) {
      keys.push(...[from, to].flatMap((row) => (row === null ? [] : [row.named])));
      this.#differing.set(table, keys);
    }
    const key = from?.key ?? to?.key ?? [];
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${table} ${kind} ${hashOf(key)}`);
  }

  rows(table: CarriedTableName): number {
    return this.#of(table).from;
  }

  result() {
    return {
      tables: Object.fromEntries(this.#tables) as Readonly<Partial<Record<CarriedTableName, TableParity>>>,
      rows: [...this.#tables.values()].reduce((sum, { from, extra }) => sum + from + extra, 0),
      differences: this.#differences,
      examples: this.#examples,
      differing: Object.fromEntries(this.#differing) as Readonly<Partial<Record<CarriedTableName, readonly RowKey[]>>>,
      complete: this.#differences <= this.maxDiffering,
    };
  }

  #of(table: CarriedTableName): Record<keyof TableParity, number> {
    const counts = this.#tables.get(table) ?? { from: 0, to: 0, extra: 0, missing: 0, different: 0 };
    this.#tables.set(table, counts);
    return counts;
  }
}

function hashOf(key: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
}
