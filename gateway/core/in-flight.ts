import { type RequestKind } from './hold-queue';

/** Requests that went to a side and have no whole answer yet. */
export class InFlight {
  private readonly counts: Record<RequestKind, number> = { read: 0, write: 0 };

  /** @param onNone of a kind none is in flight any more */
  constructor(private readonly onNone: () => void) {}

  get all(): number {
    return this.counts.read + this.counts.write;
  }

  of(kind: RequestKind): number {
    return this.counts[kind];
  }

  began(kind: RequestKind): void {
    this.counts[kind] += 1;
  }

  ended(kind: RequestKind): void {
    this.counts[kind] -= 1;
    if (this.counts[kind] === 0) this.onNone();
  }
}
