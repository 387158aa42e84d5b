/** A request body that is in memory, in whole or in part. */
export interface PooledBody {
  /** Its bytes are needed for others; it has to let go of them. */
  giveUp(): void;
}

export interface BodyPoolLimits {
  /** All bodies together. */
  readonly bodyBytes: number;
  /** Bodies too large to be read before they are forwarded, at the same time. */
  readonly streamedBodies: number;
}

/**
 * What request bodies may take, all clients of one listener together. When it is full, the incomplete body that is longest
 * under way gives way: clients that send what they announced are never kept out by those that do not.
 */
export class BodyPool {
  private readonly incomplete = new Set<PooledBody>();
  private readonly streams = new Set<PooledBody>();
  private bytes = 0;

  constructor(private readonly limits: BodyPoolLimits) {}

  /** Requests whose body is still under way. */
  get incompleteCount(): number {
    return this.incomplete.size;
  }

  get byteCount(): number {
    return this.bytes;
  }

  begin(body: PooledBody): void {
    this.incomplete.add(body);
  }

  /** @returns false when there is no room, even without the incomplete ones; `body` may have given up itself */
  take(body: PooledBody, bytes: number): boolean {
    this.bytes += bytes;
    for (const oldest of this.incomplete) {
      if (this.bytes <= this.limits.bodyBytes) break;
      this.complete(oldest);
      if (oldest !== body) oldest.giveUp();
    }
    if (this.bytes <= this.limits.bodyBytes) return true;
    this.bytes -= bytes;
    return false;
  }

  /** It is there, or given up: nobody waits for the rest of it. */
  complete(body: PooledBody): void {
    this.incomplete.delete(body);
  }

  release(bytes: number): void {
    this.bytes -= bytes;
  }

  /** @returns whether one more large body may be streamed; then `closeStream` is owed */
  openStream(body: PooledBody): boolean {
    if (this.streams.size >= this.limits.streamedBodies) return false;
    this.streams.add(body);
    return true;
  }

  closeStream(body: PooledBody): void {
    this.streams.delete(body);
  }

  /** Somebody waits for what is in flight, and would wait for as long as one of their clients likes. */
  giveUpStreams(): void {
    for (const body of this.streams) body.giveUp();
  }
}
