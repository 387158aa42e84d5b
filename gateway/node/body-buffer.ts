import { type IncomingMessage } from 'node:http';

/**
 * Collects what a client sends while its request cannot go on yet, so that the end of the client is seen at once: a paused
 * socket tells nothing.
 */
export class BodyBuffer {
  private readonly chunks: Buffer[] = [];
  private readonly onData = (chunk: Buffer) => this.take(chunk);
  private readonly onEnd = () => {
    this.complete = true;
    this.whenComplete?.();
  };
  private whenComplete: (() => void) | undefined;
  bytes = 0;
  /** The whole body is here. */
  complete = false;

  /** @param onGrow returns false to stop collecting */
  constructor(
    private readonly request: IncomingMessage,
    private readonly onGrow: (chunkBytes: number, totalBytes: number) => boolean,
  ) {
    request.on('data', this.onData);
    request.on('end', this.onEnd);
  }

  /** Stops collecting; what comes from now on is the request's to give. */
  detach(): Buffer {
    this.request.off('data', this.onData);
    this.request.off('end', this.onEnd);
    if (!this.complete) this.request.pause();
    return this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
  }

  /** Calls back once, when the whole body is here. */
  onComplete(callback: () => void): void {
    if (this.complete) callback();
    else this.whenComplete = callback;
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.onGrow(chunk.length, this.bytes)) this.chunks.push(chunk);
    else this.detach();
  }
}
