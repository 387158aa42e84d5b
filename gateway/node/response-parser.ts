/** The head of a side's answer, as it came. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value… */
  readonly rawHeaders: readonly string[];
}

/** Hears of one answer: interim heads, one head, data, and the end. Nothing after a `BadResponse`. */
export interface ResponseSink {
  onInterim?(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /** @param last nothing follows but `onEnd` */
  onData(chunk: Buffer, last: boolean): void;
  onEnd(rawTrailers: readonly string[]): void;
}

/** What came is not an HTTP/1.1 answer, or could be read in two ways. */
export class BadResponse extends Error {}

type State = 'head' | 'sized' | 'chunk_size' | 'chunk_data' | 'chunk_end' | 'trailers' | 'until_close' | 'done';

const CR = 13;
const LF = 10;
const HEAD_END = '\r\n\r\n';
const CHUNK_LINE_LIMIT_BYTES = 4_096;
/** A side that sends more of them before one answer sends them without end. */
const INTERIM_LIMIT = 16;
/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A size and extensions (RFC 9112 section 7.1.1). */
const CHUNK_LINE =
  /^([0-9a-f]{1,12})[ \t]*(?:;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"[\t !#-[\]-~]*"))?)*\r$/i;
/** A control character other than a tab: it may be in no value and no reason phrase (RFC 9110 section 5.5, RFC 9112 section 4). */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** They frame or route a message: in an interim answer, or after the body, they mean nothing good (RFC 9110 section 6.5.1). */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'host', 'connection', 'trailer']);
const NOTHING = Buffer.alloc(0);
const NO_TRAILERS: readonly string[] = [];

/**
 * Reads the answers of one connection, strictly: RFC 9112 without its leniencies (bare LF, folded lines, several lengths, other
 * transfer codings). Node's own client costs most of a proxied request's time; this one does what a proxy needs of it.
 * What it hands on, node's `http` can write: names are tokens, values and reasons have no control characters.
 */
export class ResponseParser {
  private state: State = 'done';
  private sink: ResponseSink | undefined;
  private method = '';
  private pending: Buffer = NOTHING;
  private remaining = 0;
  private keepsConnection = false;
  private interims = 0;

  /** @param maxHeadBytes for a head, and for trailers */
  constructor(private readonly maxHeadBytes: number) {}

  /** After `done`: whether the connection may carry another request. */
  get mayReuse(): boolean {
    return this.state === 'done' && this.keepsConnection && this.pending.length === 0;
  }

  get isDone(): boolean {
    return this.state === 'done';
  }

  /** The next bytes answer a request with this method. */
  begin(method: string, sink: ResponseSink): void {
    this.state = 'head';
    this.sink = sink;
    this.method = method;
    this.keepsConnection = false;
    this.interims = 0;
  }

  /** Nobody wants to hear the rest. */
  cancel(): void {
    this.sink = undefined;
  }

  /** @throws BadResponse */
  push(chunk: Buffer): void {
    let rest = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    this.pending = NOTHING;
    while (rest.length > 0 && this.state !== 'done') {
      const used = this.step(rest);
      if (used === 0) break;
      rest = rest.subarray(used);
    }
    this.pending = rest; // an incomplete line, or bytes that nobody asked for
  }

  /** The side has closed its end. @returns whether that ends the answer as it should */
  finish(): boolean {
    if (this.state === 'until_close') this.end(NO_TRAILERS);
    return this.state === 'done';
  }

  /** @returns how many bytes it took; 0 when it needs more */
  private step(bytes: Buffer): number {
    switch (this.state) {
      case 'head':
        return this.readHead(bytes);
      case 'sized':
        return this.readSized(bytes);
      case 'chunk_size':
        return this.readChunkSize(bytes);
      case 'chunk_data':
        return this.readChunkData(bytes);
      case 'chunk_end':
        if (bytes.length < 2) return 0;
        if (bytes[0] !== CR || bytes[1] !== LF) throw new BadResponse('a chunk is longer than its size');
        this.state = 'chunk_size';
        return 2;
      case 'trailers':
        return this.readTrailers(bytes);
      case 'until_close':
        this.sink?.onData(bytes, false);
        return bytes.length;
      case 'done':
        return 0;
    }
  }

  private readHead(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end > this.maxHeadBytes || (end < 0 && bytes.length > this.maxHeadBytes))
      throw new BadResponse('head too large');
    if (end < 0) {
      // Garbage without an end is not waited for.
      if (!'HTTP/1.'.startsWith(latin1(bytes, Math.min(7, bytes.length)))) throw new BadResponse('not HTTP/1.x');
      return 0;
    }
    const lines = latin1(bytes, end).split('\r\n');
    const status = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([^\r\n]*))?$/.exec(lines[0] as string);
    if (status === null) throw new BadResponse('not a status line');
    const head: ResponseHead = { status: Number(status[2]), reason: status[3] ?? '', rawHeaders: fields(lines, 1) };
    if (CONTROL.test(head.reason)) throw new BadResponse('a control character in the reason phrase');
    const used = end + HEAD_END.length;
    if (head.status === 101) throw new BadResponse('an upgrade nobody asked for');
    if (head.status < 200) {
      this.interims += 1;
      if (this.interims > INTERIM_LIMIT) throw new BadResponse('interim answers without end');
      refuseFraming(head.rawHeaders);
      this.sink?.onInterim?.(head);
      return used;
    }
    this.frame(head, status[1] === '1');
    return used;
  }

  /** Decides how the body ends, and tells of the head. */
  private frame(head: ResponseHead, isHttp11: boolean): void {
    let length: string | undefined;
    let coding: string | undefined;
    let connection = '';
    const { rawHeaders } = head;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const value = rawHeaders[index + 1] as string;
      switch ((rawHeaders[index] as string).toLowerCase()) {
        case 'content-length':
          if (length !== undefined) throw new BadResponse('more than one Content-Length');
          length = value;
          break;
        case 'transfer-encoding':
          coding = coding === undefined ? value : `${coding},${value}`;
          break;
        case 'connection':
          connection += `,${value.toLowerCase()}`;
          break;
        default:
      }
    }
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new BadResponse('Content-Length is not a number');
    if (coding !== undefined && length !== undefined) throw new BadResponse('two lengths');
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') throw new BadResponse('unknown transfer coding');
    if (coding !== undefined && !isHttp11) throw new BadResponse('chunked in HTTP/1.0');
    const options = connection === '' ? [] : connection.split(',').map((option) => option.trim());
    this.keepsConnection = isHttp11 ? !options.includes('close') : options.includes('keep-alive');
    const hasBody = this.method !== 'HEAD' && head.status !== 204 && head.status !== 304;
    this.remaining = Number(length ?? 0);
    if (!hasBody || length === '0') this.state = 'done';
    else if (coding !== undefined) this.state = 'chunk_size';
    else if (length !== undefined) this.state = this.remaining > 0 ? 'sized' : 'done';
    else {
      this.state = 'until_close';
      this.keepsConnection = false;
    }
    this.sink?.onHead(head);
    if (this.state === 'done') this.end(NO_TRAILERS);
  }

  private readSized(bytes: Buffer): number {
    const piece = bytes.length > this.remaining ? bytes.subarray(0, this.remaining) : bytes;
    this.remaining -= piece.length;
    const last = this.remaining === 0;
    if (last) this.state = 'done';
    this.sink?.onData(piece, last);
    if (last) this.end(NO_TRAILERS);
    return piece.length;
  }

  private readChunkSize(bytes: Buffer): number {
    const end = bytes.indexOf(LF);
    if (end > CHUNK_LINE_LIMIT_BYTES || (end < 0 && bytes.length > CHUNK_LINE_LIMIT_BYTES)) {
      throw new BadResponse('chunk size line too long');
    }
    if (end < 0) return 0;
    const size = CHUNK_LINE.exec(latin1(bytes, end))?.[1];
    if (size === undefined) throw new BadResponse('not a chunk size');
    this.remaining = Number.parseInt(size, 16);
    this.state = this.remaining === 0 ? 'trailers' : 'chunk_data';
    return end + 1;
  }

  private readChunkData(bytes: Buffer): number {
    const piece = bytes.length > this.remaining ? bytes.subarray(0, this.remaining) : bytes;
    this.remaining -= piece.length;
    if (this.remaining === 0) this.state = 'chunk_end';
    this.sink?.onData(piece, false);
    return piece.length;
  }

  private readTrailers(bytes: Buffer): number {
    if (bytes.length >= 2 && bytes[0] === CR && bytes[1] === LF) {
      this.end(NO_TRAILERS);
      return 2;
    }
    const end = bytes.indexOf(HEAD_END);
    if (end > this.maxHeadBytes || (end < 0 && bytes.length > this.maxHeadBytes))
      throw new BadResponse('trailers too large');
    if (end < 0) return 0;
    const trailers = fields(latin1(bytes, end).split('\r\n'), 0);
    refuseFraming(trailers);
    this.end(trailers);
    return end + HEAD_END.length;
  }

  private end(rawTrailers: readonly string[]): void {
    this.state = 'done';
    const { sink } = this;
    this.sink = undefined;
    sink?.onEnd(rawTrailers);
  }
}

function latin1(bytes: Buffer, end: number): string {
  return bytes.toString('latin1', 0, end);
}

function fields(lines: readonly string[], from: number): string[] {
  const raw: string[] = [];
  for (let index = from; index < lines.length; index += 1) {
    const line = lines[index] as string;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    // A folded line begins with a space, and its name is no token.
    if (!TOKEN.test(name)) throw new BadResponse('not a header field');
    const value = trimmed(line, colon + 1);
    if (CONTROL.test(value)) throw new BadResponse('a control character in a header');
    raw.push(name, value);
  }
  return raw;
}

function refuseFraming(rawFields: readonly string[]): void {
  for (let index = 0; index < rawFields.length; index += 2) {
    if (FRAMING.has((rawFields[index] as string).toLowerCase())) throw new BadResponse('framing in the wrong place');
  }
}

/** Without the spaces and tabs around it, and with nothing else taken for space. */
function trimmed(line: string, from: number): string {
  let begin = from;
  let end = line.length;
  while (begin < end && isBlank(line.charCodeAt(begin))) begin += 1;
  while (end > begin && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(begin, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
