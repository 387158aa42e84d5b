import { type OAuthEndpoint } from '../../domain/oauth-answers';
import { HOUR_MS, KEPT_HOURS, type HourOfWrites } from '../../domain/quiet-hours';
import { callKind } from '../../hydra/versions';
import { type ListenerName } from './feature';
import { pathOf } from './path-of';

const SECOND_MS = 1_000;
const RECENT_SECONDS = 60;
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request makes Hydra write: what clients and dependents do, and no probe. Begun logins are written when they are begun. */
export function isWrite(listener: ListenerName, method: string, endpoint: OAuthEndpoint, target: string): boolean {
  if (endpoint === 'token' || endpoint === 'revocation') return method === 'POST';
  if (endpoint === 'authorize' || endpoint === 'logout') return method === 'GET' || method === 'POST';
  if (endpoint === 'introspection' || endpoint === 'userinfo' || endpoint === 'discovery') return false;
  if (READS.has(method)) return false;
  // What strangers send to the internet's side besides makes Hydra write nothing.
  return listener === 'admin' || callKind(pathOf(target)) === 'registration';
}

/** Counts the writes of each hour, for as long as a plan looks back. */
export class WriteRates {
  private readonly hours: HourOfWrites[];
  /** Of the last seconds, the latest last. */
  private readonly seconds: { at: number; count: number }[] = [];

  constructor(known: readonly HourOfWrites[]) {
    this.hours = [...known];
  }

  /** @param now Unix time in milliseconds */
  add(now: number): void {
    const hour = this.hourOf(now);
    const second = this.secondOf(now);
    second.count += 1;
    this.hours[this.hours.length - 1] = {
      ...hour,
      writes: hour.writes + 1,
      peakPerSecond: Math.max(hour.peakPerSecond, second.count),
    };
  }

  /** An hour without a write is one too, as long as this gateway runs. */
  tick(now: number): void {
    this.hourOf(now);
  }

  /** What is kept, the current hour last. */
  view(): readonly HourOfWrites[] {
    return [...this.hours];
  }

  /** Of the last minute. */
  perSecond(now: number): number {
    const from = now - RECENT_SECONDS * SECOND_MS;
    return this.seconds.reduce((sum, { at, count }) => (at > from ? sum + count : sum), 0) / RECENT_SECONDS;
  }

  private hourOf(now: number): HourOfWrites {
    const at = new Date(Math.floor(now / HOUR_MS) * HOUR_MS).toISOString();
    const last = this.hours.at(-1);
    // A clock that was set back goes on with the hour that it has.
    if (last !== undefined && last.at >= at) return last;
    const begun = { at, writes: 0, peakPerSecond: 0 };
    this.hours.push(begun);
    const oldest = new Date(now - KEPT_HOURS * HOUR_MS).toISOString();
    while ((this.hours[0]?.at ?? at) < oldest) this.hours.shift();
    return begun;
  }

  private secondOf(now: number): { at: number; count: number } {
    const at = Math.floor(now / SECOND_MS) * SECOND_MS;
    const last = this.seconds.at(-1);
    if (last !== undefined && last.at >= at) return last;
    const begun = { at, count: 0 };
    this.seconds.push(begun);
    while (this.seconds.length > RECENT_SECONDS + 1) this.seconds.shift();
    return begun;
  }
}
