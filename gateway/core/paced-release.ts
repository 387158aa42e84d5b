import { type Clock } from './clock';

/** How long none of those in flight may take before they are taken for hanging. A database whose caches are cold takes seconds. */
const HANGING_MS = 5_000;
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
 * Where none ends in five seconds, twice as many may be in flight, so that nobody waits for requests that hang. Sooner would make of a side
 * that is slow for a moment one that stands still.
 */
export class PacedRelease {
  private running = false;
  private limit = 0;
  /** A turn is under way, or comes by itself. */
  private isInTurn = false;
  private hasOneEnded = false;
  private cancelLook: (() => void) | undefined;

  constructor(private readonly deps: ReleaseDeps) {}

  get isRunning(): boolean {
    return this.running;
  }

  start(): void {
    if (this.running) {
      if (!this.isInTurn) this.turn();
      return;
    }
    this.running = true;
    this.limit = this.deps.atOnce;
    this.turn();
    if (this.running) this.lookLater();
  }

  /** One that was in flight has ended. */
  goOn(): void {
    this.hasOneEnded = true;
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
    this.hasOneEnded = false;
    this.cancelLook = this.deps.clock.after(HANGING_MS, () => {
      if (!this.hasOneEnded) {
        this.limit *= 2;
        this.turn();
      }
      if (this.running) this.lookLater();
    });
  }
}
