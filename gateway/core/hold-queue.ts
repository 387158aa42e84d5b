import { type Clock } from './clock';
import { type Side } from './gateway-state';

export interface HoldLimits {
  readonly maxParked: number;
  readonly maxParkedBytes: number;
  /** The longest that one request waits, whatever the hold does. */
  readonly maxParkedMs: number;
  /** So many writes may be in flight after a hold while others wait still, see `PacedRelease`. */
  readonly releaseAtOnce: number;
}

export const PARK_REFUSALS = ['too_many', 'too_many_bytes', 'too_long', 'in_doubt', 'shutting_down'] as const;
export type ParkRefusal = (typeof PARK_REFUSALS)[number];

/** `read`: it changes nothing on either side, see `hydra/versions/reads.ts`. */
export type RequestKind = 'read' | 'write';

/** A request that waits. Exactly one of the two is called, at most once, and none after `remove`. */
export interface Parked {
  readonly kind: RequestKind;
  proceed(side: Side): void;
  refuse(why: ParkRefusal): void;
}

interface Place {
  readonly bytes: number;
  readonly since: number;
}

/** Requests in arrival order, bounded in count, bytes and time. Removal from the middle is O(1): clients leave at will. */
export class HoldQueue {
  private readonly places = new Map<Parked, Place>();
  private bytes = 0;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly limits: HoldLimits,
    private readonly clock: Clock,
  ) {}

  get count(): number {
    return this.places.size;
  }

  get byteCount(): number {
    return this.bytes;
  }

  /** @returns why not, or undefined when the request is parked now */
  add(parked: Parked, bytes: number): ParkRefusal | undefined {
    if (this.places.size >= this.limits.maxParked) return 'too_many';
    if (this.bytes + bytes > this.limits.maxParkedBytes) return 'too_many_bytes';
    this.places.set(parked, { bytes, since: this.clock.now() });
    this.bytes += bytes;
    this.watchOldest();
    return undefined;
  }

  /** @returns whether it was waiting */
  remove(parked: Parked): boolean {
    const place = this.places.get(parked);
    if (place === undefined) return false;
    this.places.delete(parked);
    this.bytes -= place.bytes;
    if (this.places.size === 0) this.stopWatching();
    return true;
  }

  /** Takes the oldest out. */
  shift(): Parked | undefined {
    for (const parked of this.places.keys()) {
      this.remove(parked);
      return parked;
    }
    return undefined;
  }

  refuseAll(why: ParkRefusal): void {
    for (let parked = this.shift(); parked !== undefined; parked = this.shift()) parked.refuse(why);
  }

  private watchOldest(): void {
    if (this.cancelTimer !== undefined) return;
    for (const { since } of this.places.values()) {
      const waitMs = Math.max(1, since + this.limits.maxParkedMs - this.clock.now());
      this.cancelTimer = this.clock.after(waitMs, () => this.expire());
      return;
    }
  }

  private stopWatching(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private expire(): void {
    this.cancelTimer = undefined;
    const oldestAllowed = this.clock.now() - this.limits.maxParkedMs;
    for (const [parked, { since }] of this.places) {
      if (since > oldestAllowed) break;
      this.remove(parked);
      parked.refuse('too_long');
    }
    this.watchOldest();
  }
}
