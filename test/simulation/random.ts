/** Random numbers that come again with the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e37_79b9) >>> 0;
  }

  /** In [0, 1). Source: mulberry32, Tommy Ettinger, public domain. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  poisson(mean: number): number {
    if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    let count = 0;
    for (let product = this.uniform(), limit = Math.exp(-mean); product > limit; product *= this.uniform()) count += 1;
    return count;
  }

  binomial(trials: number, share: number): number {
    if (trials <= 0 || share <= 0) return 0;
    if (share >= 1) return trials;
    if (share > 0.5) return trials - this.binomial(trials, 1 - share);
    const mean = trials * share;
    if (mean > 25) {
      return Math.min(trials, Math.max(0, Math.round(mean + Math.sqrt(mean * (1 - share)) * this.normal())));
    }
    // Few are expected: from one that happens to the next.
    const perMiss = Math.log1p(-share);
    let [count, at] = [0, 0];
    for (;;) {
      at += Math.floor(Math.log(1 - this.uniform()) / perMiss) + 1;
      if (at > trials) return count;
      count += 1;
    }
  }
}
