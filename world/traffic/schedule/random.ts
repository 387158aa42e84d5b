const UINT32 = 0x1_0000_0000;

/** Seeded random numbers, so that a run can be repeated: the same seed asks for the same things in the same order. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A generator of its own that does not disturb this one's sequence. */
  fork(salt: number): Random {
    return new Random(Math.imul(this.state ^ 0x9e37_79b9, salt + 1) ^ (salt * 0x85eb_ca6b));
  }

  /** In [0, 1). Source: the mulberry32 generator, public domain. */
  next(): number {
    this.state = (this.state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / UINT32;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }

  /** @param weights not negative, at least one positive */
  weighted<Name extends string>(weights: readonly (readonly [Name, number])[]): Name {
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.next() * total;
    for (const [name, weight] of weights) {
      left -= weight;
      if (left < 0) return name;
    }
    const last = weights.filter(([, weight]) => weight > 0).at(-1);
    if (last === undefined) throw new Error('all weights are zero');
    return last[0];
  }
}
