import { type Clock } from './clock';

/** How often it looks whether those that wait become fewer. */
const LOOK_MS = 1_000;
/** Per turn of the runtime: 10,000 at once would stop everything else for as long as they take. */
const PER_TURN = 64;

export interface ReleaseDeps {
  readonly clock: Clock;
  /** So many may be in flight while others wait. */
  readonly atOnce: number;
  readonly inFlight: () => number;
  readonly waiting: () => number;
  /** Lets the oldest go. @returns false when there is none, or none may go any more */
  readonly one: () => boolean;
}

/**
 * Lets those go that were held, and not all of them together. A Hydra of 2.x holds a connection to its database while it answers a token
 * request and takes a second one for its signing keys: as many requests at once as it has connections wait for each other for good.
 * Where those that wait do not become fewer in a second, twice as many may be in flight, so that nobody waits for requests that hang.
 */
export class PacedRelease {
  private running = false;
  private limit = 0;
  /** A turn is under way, or comes by itself. */
  private isInTurn = false;
  private cancelLook: (() => void) | undefined;

  constructor(private readonly deps: ReleaseDeps) {}

  get isRunning(): boolean {
    return this.running;
  }

  start(): void {
    if (this.running) return this.goOn();
    this.running = true;
    this.limit = this.deps.atOnce;
    this.turn();
    this.lookLater();
  }

  /** One that was in flight has ended. */
  goOn(): void {
    if (this.running && !this.isInTurn) this.turn();
  }

  private turn(): void {
    this.isInTurn = true;
    for (let count = 0; count < PER_TURN; count += 1) {
      const next = this.next();
      if (next === 'gone') continue;
      this.isInTurn = false;
      if (next === 'over') this.stop();
      return;
    }
    this.deps.clock.soon(() => this.turn());
  }

  private next(): 'gone' | 'full' | 'over' {
    const { inFlight, waiting, one } = this.deps;
    if (inFlight() >= this.limit && waiting() > 0) return 'full';
    return one() ? 'gone' : 'over';
  }

  private stop(): void {
    this.running = false;
    this.cancelLook?.();
  }

  private lookLater(): void {
    if (!this.running) return;
    const { clock, waiting } = this.deps;
    const before = waiting();
    this.cancelLook = clock.after(LOOK_MS, () => {
      if (waiting() >= before) this.limit *= 2;
      this.goOn();
      this.lookLater();
    });
  }
}
