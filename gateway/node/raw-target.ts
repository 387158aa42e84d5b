import { Duplex } from 'node:stream';
import { type Socket } from 'node:net';

/** What node's parser says of a target with bytes above 0x7f, among others. */
interface ParseError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

const REQUEST_LINE_START = /^(?:\r\n)?[A-Z]{3,20} \/[^\r\n ]*/;

/**
 * Whether a request was refused for nothing but bytes above 0x7f in its target, and what it looks like with them
 * percent-encoded. Hydra's own server takes such bytes for what their escapes mean; node's strict parser knows no setting for
 * them that would not loosen framing too.
 *
 * Only a request line that begins what was received is taken, so nothing has to be told from a body that ends before it.
 * @returns undefined when anything else is wrong
 */
export function withEncodedTarget({ code, rawPacket, bytesParsed }: ParseError): Buffer | undefined {
  if (code !== 'HPE_INVALID_URL' || rawPacket === undefined || (rawPacket[bytesParsed ?? -1] ?? 0) < 0x80)
    return undefined;
  const start = REQUEST_LINE_START.exec(rawPacket.toString('latin1'))?.[0];
  if (start === undefined || start.length <= (bytesParsed ?? 0)) return undefined;
  const encoded = start.replace(
    // eslint-disable-next-line no-control-regex -- bytes, not characters
    /[^\x00-\x7f]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return Buffer.concat([Buffer.from(encoded, 'latin1'), rawPacket.subarray(start.length)]);
}

/**
 * A client's connection from its refused request on: first the bytes in their place, then what else comes. The parser that
 * refused is left behind; another one reads from here, for this request alone.
 */
export class ReplayedSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly encrypted: boolean;

  constructor(
    private readonly socket: Socket,
    bytes: Buffer,
  ) {
    super({ allowHalfOpen: true });
    this.remoteAddress = socket.remoteAddress;
    this.encrypted = 'encrypted' in socket;
    for (const event of ['data', 'end', 'error', 'timeout', 'drain']) socket.removeAllListeners(event);
    this.push(bytes);
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  resetAndDestroy(): this {
    this.socket.resetAndDestroy();
    return this;
  }
}
