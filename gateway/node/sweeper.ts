const SWEEP_MS = 100;

/** Something with a deadline that moves with every byte. */
export interface Swept {
  deadlineAt: number;
  onDeadline(): void;
}

/**
 * Deadlines for many things at the price of one timer: each is looked at ten times a second, and moving a deadline is one
 * assignment. Coarse, as timeouts of seconds may be.
 */
export class Sweeper {
  private readonly swept = new Set<Swept>();
  private readonly timer: NodeJS.Timeout;
  /** Milliseconds, monotonic, at most one sweep old. */
  now = performance.now();

  constructor() {
    this.timer = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  add(thing: Swept): void {
    this.swept.add(thing);
  }

  remove(thing: Swept): void {
    this.swept.delete(thing);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sweep(): void {
    this.now = performance.now();
    for (const thing of this.swept) {
      if (thing.deadlineAt > this.now) continue;
      this.swept.delete(thing);
      thing.onDeadline();
    }
  }
}
