import { type Clock } from './clock';

/** Does the same thing until there is no more of it, so many times per turn of the runtime: everything else goes on in between. */
export class Batches {
  private running = false;

  /** @param one @returns false when there is no more */
  constructor(
    private readonly clock: Clock,
    private readonly perTurn: number,
    private readonly one: () => boolean,
  ) {}

  get isRunning(): boolean {
    return this.running;
  }

  /** Does nothing while it runs. */
  start(): void {
    if (this.running) return;
    this.running = true;
    this.turn();
  }

  private turn(): void {
    for (let count = 0; count < this.perTurn; count += 1) {
      if (this.one()) continue;
      this.running = false;
      return;
    }
    this.clock.soon(() => this.turn());
  }
}
