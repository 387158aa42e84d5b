import { type Door } from './grant-requests';
import { liveOnce } from './grant-life';
import { type Tally } from './tally';

export interface ContendedTrafficOptions {
  readonly doors: readonly Door[];
  readonly tally: Tally;
  readonly random: () => number;
  /** Grants that live at the same time. */
  readonly grants: number;
  /** How many races a grant lives through at most. */
  readonly racesMax: number;
  readonly pauseMs: number;
}

/** Grants that are born, fought over and judged, so many at a time, until it is told to stop. */
export class ContendedTraffic {
  private readonly over = new AbortController();
  private readonly lives: Promise<void>[];

  constructor(private readonly options: ContendedTrafficOptions) {
    this.lives = Array.from({ length: options.grants }, () => this.oneAfterTheOther());
  }

  /** Lets each grant come to its end, and judges it. */
  async stop(): Promise<void> {
    this.over.abort();
    await Promise.all(this.lives);
  }

  private async oneAfterTheOther(): Promise<void> {
    const { doors, tally, random, racesMax, pauseMs } = this.options;
    while (!this.over.signal.aborted) {
      const races = 1 + Math.floor(random() * racesMax);
      const at = performance.now();
      const { requests, failure, begunAnew } = await liveOnce({
        doors,
        random,
        races,
        pauseMs,
        signal: this.over.signal,
      });
      if (failure !== undefined) tally.login({ failure, begunAnew, at, endedAt: performance.now() });
      if (requests !== undefined) tally.judge(requests);
    }
  }
}
