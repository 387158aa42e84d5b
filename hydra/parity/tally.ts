import { createHash } from 'node:crypto';
import { type CarriedTableName, type RowKey } from '../paths/copy-path';
import { type HashedRow } from './parity-queries';

export interface TableParity {
  /** Rows that blue makes, and rows that green has. */
  readonly blue: number;
  readonly green: number;
  /** On green but not on blue, and the other way round. */
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
    counts.blue += rows;
    counts.green += rows;
  }

  /** One key, on the sides that have it. */
  add(table: CarriedTableName, blue: HashedRow | null, green: HashedRow | null): void {
    const counts = this.#of(table);
    if (blue !== null) counts.blue += 1;
    if (green !== null) counts.green += 1;
    if (blue?.hash === green?.hash) return;
    const kind = green === null ? 'missing' : blue === null ? 'extra' : 'different';
    counts[kind] += 1;
    this.#differences += 1;
    const keys = this.#differing.get(table) ?? [];
    if (this.#differences <= this.maxDiffering) {
      keys.push(...[blue, green].flatMap((row) => (row === null ? [] : [row.named])));
      this.#differing.set(table, keys);
    }
    const key = blue?.key ?? green?.key ?? [];
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${table} ${kind} ${hashOf(key)}`);
  }

  rows(table: CarriedTableName): number {
    return this.#of(table).blue;
  }

  result() {
    return {
      tables: Object.fromEntries(this.#tables) as Readonly<Partial<Record<CarriedTableName, TableParity>>>,
      rows: [...this.#tables.values()].reduce((sum, { blue, extra }) => sum + blue + extra, 0),
      differences: this.#differences,
      examples: this.#examples,
      differing: Object.fromEntries(this.#differing) as Readonly<Partial<Record<CarriedTableName, readonly RowKey[]>>>,
      complete: this.#differences <= this.maxDiffering,
    };
  }

  #of(table: CarriedTableName): Record<keyof TableParity, number> {
    const counts = this.#tables.get(table) ?? { blue: 0, green: 0, extra: 0, missing: 0, different: 0 };
    this.#tables.set(table, counts);
    return counts;
  }
}

function hashOf(key: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
}
