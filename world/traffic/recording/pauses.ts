import { Histogram, type Percentiles } from './histogram';

export interface Pauses {
  /** A request that waited at least this long belongs to a pause. */
  readonly thresholdMs: number;
  readonly windows: Percentiles;
  /** Longest first. */
  readonly longest: readonly PauseWindow[];
}

export interface PauseWindow {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly requests: number;
  /** How long each of them waited. */
  readonly waits: Percentiles;
}

interface OpenWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly waits: Histogram;
}

const KEPT = 20;

/**
 * Joins the waiting times of slow requests into windows: an interval in which clients waited. Times are milliseconds since
 * the epoch; requests arrive in the order of their answers, so windows are joined backwards too.
 */
export class PauseTracker {
  private readonly windows: OpenWindow[] = [];

  constructor(private readonly thresholdMs: number) {}

  record(sentAtMs: number, answeredAtMs: number): void {
    if (answeredAtMs - sentAtMs < this.thresholdMs) return;
    const waits = new Histogram();
    waits.record(answeredAtMs - sentAtMs);
    let joined: OpenWindow = { fromMs: sentAtMs, toMs: answeredAtMs, waits };
    for (let last = this.windows.at(-1); last !== undefined && last.toMs >= joined.fromMs; last = this.windows.at(-1)) {
      this.windows.pop();
      last.waits.merge(joined.waits);
      joined = {
        fromMs: Math.min(last.fromMs, joined.fromMs),
        toMs: Math.max(last.toMs, joined.toMs),
        waits: last.waits,
      };
    }
    this.windows.push(joined);
  }

  summary(): Pauses {
    const lengths = new Histogram();
    for (const window of this.windows) lengths.record(window.toMs - window.fromMs);
    const longest = [...this.windows]
      .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
      .slice(0, KEPT)
      .map(({ fromMs, toMs, waits }) => ({
        startedAt: new Date(fromMs).toISOString(),
        durationMs: Math.round(toMs - fromMs),
        requests: waits.summary().count,
        waits: waits.summary(),
      }));
    return { thresholdMs: this.thresholdMs, windows: lengths.summary(), longest };
  }
}
