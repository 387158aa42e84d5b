const GIVE_UP_AFTER = 24;

/** Ends a check of thousands of promises early when nobody answers at all: they are unobserved, not asked one by one. */
export class Reachability {
  private misses = 0;

  get gaveUp(): boolean {
    return this.misses >= GIVE_UP_AFTER;
  }

  /** @param answered whether the server said anything usable this time */
  note(answered: boolean): void {
    if (!this.gaveUp) this.misses = answered ? 0 : this.misses + 1;
  }
}
