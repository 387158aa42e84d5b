export const HOUR_MS = 3_600_000;
const WEEK_HOURS = 7 * 24;
/** Two weeks, so that one odd day does not decide. */
export const KEPT_HOURS = 2 * WEEK_HOURS;
/** With less nobody can say when it is quiet. */
const NEEDED_HOURS = 24;
/** Longer than this there is no quiet hour to look for. */
const WINDOW_HOURS_MAX = 48;

/** What clients wrote in one hour, at one gateway or at all of them. */
export interface HourOfWrites {
  /** Its beginning, ISO 8601 in UTC. */
  readonly at: string;
  readonly writes: number;
  readonly peakPerSecond: number;
}

export interface QuietWindow {
  readonly from: string;
  readonly to: string;
  readonly writesPerSecond: number;
  readonly peakPerSecond: number;
  /** Of the week as a whole, to compare. */
  readonly usualPerSecond: number;
  readonly hoursSeen: number;
}

/** Adds up what the gateways of an installation counted in the same hours. */
export function addHours(lists: readonly (readonly HourOfWrites[])[]): readonly HourOfWrites[] {
  const sums = new Map<string, HourOfWrites>();
  for (const hour of lists.flat()) {
    const known = sums.get(hour.at);
    sums.set(hour.at, {
      at: hour.at,
      writes: (known?.writes ?? 0) + hour.writes,
      // Not the same second, perhaps: the sum is the most that it can have been.
      peakPerSecond: (known?.peakPerSecond ?? 0) + hour.peakPerSecond,
    });
  }
  return [...sums.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/**
 * The next window in which, by what was seen in the same hours of the week, the fewest writes come.
 *
 * @param durationMs how long the run takes, as predicted; the window is at least one hour
 * @returns undefined while too little was seen, or when the run is too long for any quiet hour
 */
export function quietWindow(hours: readonly HourOfWrites[], durationMs: number, now: Date): QuietWindow | undefined {
  const current = new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS).toISOString();
  const whole = hours.filter(({ at }) => at < current);
  const length = Math.max(1, Math.ceil(durationMs / HOUR_MS));
  if (whole.length < NEEDED_HOURS || length > WINDOW_HOURS_MAX) return undefined;
  const usual = usualHours(whole);
  const firstStart = Date.parse(current) + HOUR_MS;
  let best: { start: number; writes: number; peak: number } | undefined;
  for (let ahead = 0; ahead < WEEK_HOURS; ahead += 1) {
    const start = firstStart + ahead * HOUR_MS;
    const window = Array.from({ length }, (_, index) => usual(start + index * HOUR_MS));
    const writes = window.reduce((sum, hour) => sum + hour.writes, 0);
    const peak = Math.max(...window.map((hour) => hour.peak));
    if (best === undefined || writes < best.writes || (writes === best.writes && peak < best.peak))
      best = { start, writes, peak };
  }
  if (best === undefined) return undefined;
  return {
    from: new Date(best.start).toISOString(),
    to: new Date(best.start + length * HOUR_MS).toISOString(),
    writesPerSecond: perSecond(best.writes, length),
    peakPerSecond: best.peak,
    usualPerSecond: perSecond(
      whole.reduce((sum, { writes }) => sum + writes, 0),
      whole.length,
    ),
    hoursSeen: whole.length,
  };
}

interface UsualHour {
  readonly writes: number;
  readonly peak: number;
}

/** What an hour is usually like: by hour of the week where that was seen, else by hour of the day, else as the mean of all. */
function usualHours(hours: readonly HourOfWrites[]): (at: number) => UsualHour {
  const byWeek = new Map<number, HourOfWrites[]>();
  const byDay = new Map<number, HourOfWrites[]>();
  for (const hour of hours) {
    const index = Math.floor(Date.parse(hour.at) / HOUR_MS);
    for (const [map, key] of [
      [byWeek, index % WEEK_HOURS],
      [byDay, index % 24],
    ] as const)
      map.set(key, [...(map.get(key) ?? []), hour]);
  }
  return (at) => {
    const index = Math.floor(at / HOUR_MS);
    const alike = byWeek.get(index % WEEK_HOURS) ?? byDay.get(index % 24) ?? hours;
    return {
      writes: alike.reduce((sum, { writes }) => sum + writes, 0) / alike.length,
      peak: Math.max(...alike.map(({ peakPerSecond }) => peakPerSecond)),
    };
  };
}

function perSecond(writes: number, hours: number): number {
  return Math.round((writes / hours / 3_600) * 100) / 100;
}
