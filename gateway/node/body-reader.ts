import { type IncomingMessage } from 'node:http';
import { BODY_LIMIT_BYTES } from '../core/unread-body';
import { type BodyPool, type PooledBody } from './body-pool';

const FIRST_COPY_BYTES = 4_096;

/** How reading ended: all of it is here, only the first part of it fits, or there is no room at all. */
export type BodyOutcome = 'complete' | 'too_large' | 'no_room';

/**
 * Reads a body, up to `BODY_LIMIT_BYTES`, before its request takes anything that others need. The socket is read all the
 * while, so that the end of the client is seen at once: a paused socket tells nothing.
 */
export class BodyReader implements PooledBody {
  private only: Buffer | undefined;
  private joined: Buffer | undefined;
  private bytes = 0;
  private reading = true;
  private readonly onData = (chunk: Buffer) => this.take(chunk);
  private readonly onEnd = () => this.finish('complete');

  /** @param done called at most once, and never after `release` */
  constructor(
    private readonly request: IncomingMessage,
    private readonly pool: BodyPool,
    private readonly done: (outcome: BodyOutcome) => void,
  ) {
    pool.begin(this);
    request.on('data', this.onData);
    request.on('end', this.onEnd);
  }

  /** What was read. */
  get received(): Buffer {
    return this.only ?? this.joined?.subarray(0, this.bytes) ?? Buffer.alloc(0);
  }

  giveUp(): void {
    this.finish('no_room');
  }

  /** Stops, and forgets what was read. Idempotent. */
  release(): void {
    this.stop();
    this.pool.release(this.bytes);
    this.bytes = 0;
    this.only = undefined;
    this.joined = undefined;
  }

  private take(chunk: Buffer): void {
    if (!this.pool.take(this, chunk.length)) {
      this.finish('no_room');
      return;
    }
    this.append(chunk);
    if (this.bytes > BODY_LIMIT_BYTES) this.finish('too_large');
  }

  /** Copied together: thousands of tiny pieces would take far more memory than their bytes. */
  private append(chunk: Buffer): void {
    const before = this.bytes;
    this.bytes += chunk.length;
    if (before === 0) {
      this.only = chunk;
      return;
    }
    if (this.joined === undefined || this.joined.length < this.bytes) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_COPY_BYTES, this.bytes * 2));
      this.received.copy(larger, 0, 0, before);
      this.joined = larger;
      this.only = undefined;
    }
    chunk.copy(this.joined, before);
  }

  private finish(outcome: BodyOutcome): void {
    if (!this.reading) return;
    this.stop();
    if (outcome === 'too_large') this.request.pause();
    this.done(outcome);
  }

  private stop(): void {
    if (!this.reading) return;
    this.reading = false;
    this.pool.complete(this);
    this.request.off('data', this.onData);
    this.request.off('end', this.onEnd);
  }
}
