import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BadResponse, ResponseParser, type ResponseSink } from './response-parser';

export interface UpstreamSettings {
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** An exception of whoever handles an answer. The call ends as after a bad answer; the process goes on. */
  readonly onDefect: (error: unknown) => void;
  /** Counts a call; what it gives is called once, when the call is over. */
  readonly onCall?: (request: CallRequest) => CallEnd | undefined;
}

/** `abandoned`: without a whole answer. */
export type CallEnd = (how: 'answered' | 'abandoned') => void;

/** Why a call ended without an answer, or in the middle of one. */
export type UpstreamError = 'refused' | 'lost' | 'bad_response';

/** Hears what becomes of one call; exactly one of `onEnd` and `onError` is the last, and neither comes after `destroy`. */
export interface CallHandler extends ResponseSink {
  /** Only when a connection had to be made. */
  onConnecting?(): void;
  onConnected?(): void;
  /** More may be written. */
  onDrain?(): void;
  onError(error: UpstreamError): void;
}

export interface CallRequest {
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value…: written as they are. */
  readonly headers: readonly string[];
  readonly body: 'none' | 'sized' | 'chunked';
  /** On a connection of its own, which is closed after it. */
  readonly fresh?: boolean;
}

const IDLE_SWEEP_MS = 1_000;

/**
 * One listener of one side: where it is and the connections to it.
 *
 * Idle connections are closed after `keepAliveMs`, which is below what servers in use keep them for (Go's default with a 5 s
 * read timeout is the shortest): so it is we who close, and a request does not meet a connection that the side is closing.
 * What remains of that race is in `StreamRelay`.
 */
export class Upstream {
  private readonly idle: Connection[] = [];
  private readonly open = new Set<Connection>();
  private readonly waiting: UpstreamCall[] = [];
  private readonly sweeper: NodeJS.Timeout;
  private readonly secure: boolean;
  private readonly host: string;
  private readonly port: number;
  /** What goes into `Host` when the client sent none. */
  readonly authority: string;

  constructor(
    url: URL,
    readonly settings: UpstreamSettings,
  ) {
    this.secure = url.protocol === 'https:';
    this.host = url.hostname.replace(/^\[|\]$/g, '');
    this.port = Number(url.port) || (this.secure ? 443 : 80);
    this.authority = url.host;
    this.sweeper = setInterval(() => this.closeIdle(), IDLE_SWEEP_MS).unref();
  }

  /** Sends a head; the body follows through the call. Calls beyond `maxConnections` wait in order. */
  call(request: CallRequest, handler: CallHandler): UpstreamCall {
    const call = new UpstreamCall(request, handler, this.settings.onCall?.(request));
    const connection = request.fresh === true ? undefined : this.takeIdle();
    if (connection !== undefined) connection.run(call, true);
    else if (this.open.size < this.settings.maxConnections || request.fresh === true) this.connect().run(call, false);
    else this.waiting.push(call);
    return call;
  }

  close(): void {
    clearInterval(this.sweeper);
    for (const connection of this.open) connection.destroy();
  }

  /** A connection has finished a call and may carry the next. */
  release(connection: Connection): void {
    const next = this.nextWaiting();
    if (next !== undefined) connection.run(next, true);
    else this.idle.push(connection);
  }

  forget(connection: Connection): void {
    this.open.delete(connection);
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
    if (this.open.size >= this.settings.maxConnections) return;
    const next = this.nextWaiting();
    if (next !== undefined) this.connect().run(next, false);
  }

  private nextWaiting(): UpstreamCall | undefined {
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift()) {
      if (!call.isDestroyed) return call;
    }
    return undefined;
  }

  private takeIdle(): Connection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (connection.isUsable(performance.now())) return connection;
      connection.destroy();
    }
    return undefined;
  }

  private closeIdle(): void {
    const now = performance.now();
    for (const connection of this.idle.filter((each) => !each.isUsable(now))) connection.destroy();
  }

  private connect(): Connection {
    const { host, port } = this;
    const socket = this.secure
      ? // An address is no server name (RFC 6066); the certificate is compared with `host` then.
        connectTls({ host, port, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 && { servername: host }) })
      : connectTcp({ host, port, noDelay: true });
    const connection = new Connection(this, socket, this.secure ? 'secureConnect' : 'connect');
    this.open.add(connection);
    return connection;
  }
}

/** One connection to a side: one call at a time. */
class Connection {
  private readonly parser: ResponseParser;
  private call: UpstreamCall | undefined;
  private connected = false;
  private usableUntil = 0;

  constructor(
    private readonly upstream: Upstream,
    readonly socket: Socket,
    connectEvent: 'connect' | 'secureConnect',
  ) {
    this.parser = new ResponseParser(upstream.settings.maxHeaderBytes);
    socket.on(connectEvent, () => {
      this.connected = true;
      this.guard(() => this.call?.handler.onConnected?.());
    });
    socket.on('data', (chunk: Buffer) => this.guard(() => this.take(chunk)));
    socket.on('drain', () => this.guard(() => this.call?.handler.onDrain?.()));
    socket.on('end', () => this.guard(() => this.finish()));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      upstream.forget(this);
      this.fail(this.connected ? 'lost' : 'refused');
    });
  }

  isUsable(now: number): boolean {
    return !this.socket.destroyed && !this.socket.readableEnded && now < this.usableUntil;
  }

  run(call: UpstreamCall, reused: boolean): void {
    this.call = call;
    this.parser.begin(call.request.method, call.handler);
    if (!this.connected) call.handler.onConnecting?.();
    call.attach(this, reused);
  }

  destroy(): void {
    this.call = undefined;
    this.parser.cancel();
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    const { call } = this;
    if (call === undefined) {
      this.socket.destroy(); // an answer that nobody asked for
      return;
    }
    this.parser.push(chunk);
    if (this.parser.isDone) this.afterAnswer(call);
  }

  private finish(): void {
    const { call } = this;
    if (call !== undefined && this.parser.finish()) this.afterAnswer(call);
  }

  private afterAnswer(call: UpstreamCall): void {
    if (this.call !== call) return;
    this.call = undefined;
    call.detach();
    if (!this.parser.mayReuse || !call.isSent || call.request.fresh === true || this.socket.destroyed) {
      this.socket.destroy();
      return;
    }
    if (this.socket.isPaused()) this.socket.resume();
    this.usableUntil = performance.now() + this.upstream.settings.keepAliveMs;
    this.upstream.release(this);
  }

  /** Nothing that a side sends may leave a handler of its socket as an exception: that would end the process. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof BadResponse)) this.upstream.settings.onDefect(error);
      this.parser.cancel();
      this.fail('bad_response');
      this.socket.destroy();
    }
  }

  private fail(error: UpstreamError): void {
    const { call } = this;
    this.call = undefined;
    try {
      call?.fail(error);
    } catch (defect) {
      this.upstream.settings.onDefect(defect);
    }
  }
}

/** One request to a side: its body goes in here, its answer comes out at the handler. */
export class UpstreamCall {
  private connection: Connection | undefined;
  private head: string | undefined;
  private readonly early: Buffer[] = [];
  private destroyed = false;
  private sent = false;
  /** It went out on a connection that had carried another before. */
  reused = false;

  constructor(
    readonly request: CallRequest,
    readonly handler: CallHandler,
    private readonly onOver?: CallEnd,
  ) {
    const { method, path, headers } = request;
    let head = `${method} ${path} HTTP/1.1\r\n`;
    for (let index = 0; index < headers.length; index += 2) head += `${headers[index]}: ${headers[index + 1]}\r\n`;
    this.head = `${head}Connection: ${request.fresh === true ? 'close' : 'keep-alive'}\r\n\r\n`;
  }

  get isDestroyed(): boolean {
    return this.destroyed;
  }

  /** The whole request is on its way. */
  get isSent(): boolean {
    return this.sent;
  }

  /** @returns false when it should wait for `onDrain` */
  write(chunk: Buffer): boolean {
    if (this.destroyed || chunk.length === 0) return true;
    if (this.request.body !== 'chunked') return this.put(chunk);
    const size = `${chunk.length.toString(16)}\r\n`;
    const framed = Buffer.allocUnsafe(size.length + chunk.length + 2);
    framed.write(size, 0, 'latin1');
    chunk.copy(framed, size.length);
    framed.write('\r\n', size.length + chunk.length, 'latin1');
    return this.put(framed);
  }

  /** @param rawTrailers sent after a chunked body */
  end(rawTrailers: readonly string[] = []): void {
    if (this.destroyed) return;
    this.sent = true;
    if (this.request.body === 'chunked') {
      let text = '0\r\n';
      for (let index = 0; index < rawTrailers.length; index += 2)
        text += `${rawTrailers[index]}: ${rawTrailers[index + 1]}\r\n`;
      this.put(Buffer.from(`${text}\r\n`, 'latin1'));
    }
    this.flush();
  }

  /** Sends the head now, although no body is there yet. */
  flush(): void {
    const { head, connection } = this;
    if (head === undefined || connection === undefined) return;
    this.head = undefined;
    connection.socket.write(head, 'latin1');
  }

  pause(): void {
    this.connection?.socket.pause();
  }

  resume(): void {
    this.connection?.socket.resume();
  }

  /** Gives the call up; its connection with it, because what is still to come on it has no owner. */
  destroy(): void {
    if (this.destroyed) return;
    this.over('abandoned');
    this.connection?.destroy();
    this.connection = undefined;
  }

  /** For the connection. */
  attach(connection: Connection, reused: boolean): void {
    this.connection = connection;
    this.reused = reused;
    const early = this.early.splice(0);
    for (const chunk of early) this.put(chunk);
    if (this.sent) this.flush();
    else if (early.length > 0) this.handler.onDrain?.();
  }

  /** For the connection: the answer is complete. */
  detach(): void {
    if (!this.destroyed) this.over('answered');
    this.connection = undefined;
  }

  /** For the connection. */
  fail(error: UpstreamError): void {
    if (this.destroyed) return;
    this.over('abandoned');
    this.connection = undefined;
    this.handler.onError(error);
  }

  private over(how: Parameters<CallEnd>[0]): void {
    this.destroyed = true;
    this.onOver?.(how);
  }

  /** A head and the first bytes of its body go out in one piece. */
  private put(bytes: Buffer): boolean {
    const { head, connection } = this;
    if (connection === undefined) {
      this.early.push(bytes);
      return false;
    }
    if (head === undefined) return connection.socket.write(bytes);
    this.head = undefined;
    const together = Buffer.allocUnsafe(head.length + bytes.length);
    together.write(head, 0, 'latin1');
    bytes.copy(together, head.length);
    return connection.socket.write(together);
  }
}
