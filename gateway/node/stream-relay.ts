import { type ClientRequest, type IncomingMessage } from 'node:http';
import { mapAdminPath } from '../core/admin-path';
import { responseHeaders } from '../core/request-head';
import { type Exchange, type Relay, type RequestBody } from './exchange';
import { type SideRuntime } from './side-runtime';

/** Methods that may be sent a second time without asking anybody (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const CONNECTION_LOST = new Set(['ECONNRESET', 'EPIPE']);

/** Streams one request to a side and its answer back, with back-pressure both ways, and changes neither. */
export class StreamRelay implements Relay {
  private upstream: ClientRequest | undefined;
  private answer: IncomingMessage | undefined;
  private continued = false;
  private retried = false;
  private settled = false;
  private timedOut = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly side: SideRuntime,
    private readonly body: RequestBody,
  ) {}

  start(): void {
    this.send(false);
  }

  abort(): void {
    if (this.settled) return; // the connection may serve another request by now
    this.settled = true;
    this.upstream?.destroy();
  }

  onDeadline(): void {
    if (this.settled && this.answer === undefined) return;
    this.timedOut = true;
    if (this.answer !== undefined) {
      this.cutOff();
      return;
    }
    this.giveUp();
  }

  private send(fresh: boolean): void {
    const { exchange, side } = this;
    const { listener } = exchange.deps;
    const { head } = exchange;
    const target = side.upstreams[listener];
    const path = listener === 'admin' ? mapAdminPath(head.target, side.apiGeneration) : head.target;
    const headers = head.hasHost ? head.headers : [...head.headers, 'Host', target.authority];
    let upstream: ClientRequest;
    try {
      upstream = target.request(head.method, path, headers, fresh);
    } catch {
      this.giveUp(); // a target with bytes that node refuses to write
      return;
    }
    this.upstream = upstream;
    upstream.on('response', (answer) => this.onAnswer(answer));
    upstream.on('error', (error) => this.onError(upstream, error));
    upstream.on('close', () => this.onClose(upstream));
    upstream.on('socket', (socket) => this.watchConnect(socket));
    if (exchange.expectsContinue) {
      upstream.on('continue', () => {
        this.continued = true;
        exchange.response.writeContinue();
        this.sendBody(upstream);
      });
      upstream.flushHeaders();
    } else {
      this.sendBody(upstream);
    }
  }

  private watchConnect(socket: { readonly connecting: boolean; once(event: string, run: () => void): unknown }): void {
    if (!socket.connecting) return;
    const { timeouts } = this.exchange.deps;
    this.exchange.expectProgress(timeouts.connectTimeoutMs);
    socket.once('connect', () => this.exchange.expectProgress(timeouts.responseTimeoutMs));
  }

  private sendBody(upstream: ClientRequest): void {
    const { exchange, body } = this;
    if (exchange.head.body === 'none') {
      upstream.end();
      return;
    }
    if (body.received !== undefined && body.received.length > 0) upstream.write(body.received);
    const { request } = exchange;
    const end = () => {
      if (request.rawTrailers.length > 0) upstream.addTrailers(pairs(request.rawTrailers));
      upstream.end();
    };
    if (body.complete) {
      end();
      return;
    }
    const { responseTimeoutMs } = exchange.deps.timeouts;
    request.on('data', (chunk: Buffer) => {
      if (upstream.destroyed || this.settled) return;
      if (this.answer === undefined) exchange.expectProgress(responseTimeoutMs);
      if (!upstream.write(chunk)) request.pause();
    });
    upstream.on('drain', () => request.resume());
    request.on('end', end);
    request.resume();
  }

  private onAnswer(answer: IncomingMessage): void {
    if (this.settled) {
      answer.destroy();
      return;
    }
    const { exchange } = this;
    const { response } = exchange;
    const { idleTimeoutMs } = exchange.deps.timeouts;
    const headers = responseHeaders(answer.rawHeaders);
    // A client that was never told to continue may or may not send its body now: the next request could not be found.
    if (exchange.expectsContinue && !this.continued) headers.push('Connection', 'close');
    response.sendDate = false; // the side's Date passes, and none is made up
    try {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
    } catch {
      answer.destroy();
      this.giveUp();
      return;
    }
    this.answer = answer;
    exchange.expectProgress(idleTimeoutMs);
    answer.on('data', (chunk: Buffer) => {
      exchange.sentBytes += chunk.length;
      exchange.expectProgress(idleTimeoutMs);
      if (!response.write(chunk)) answer.pause();
    });
    response.on('drain', () => {
      exchange.expectProgress(idleTimeoutMs);
      answer.resume();
    });
    answer.on('end', () => {
      if (!answer.complete) return;
      this.finish(answer);
    });
    answer.on('error', () => undefined); // 'close' follows and decides
    answer.on('close', () => {
      if (!answer.complete) this.cutOff();
    });
  }

  private finish(answer: IncomingMessage): void {
    if (this.settled) return;
    this.settled = true;
    const { exchange, upstream } = this;
    // Answered before the whole body was read: the rest is of no use to the side, nor is the connection it belongs to.
    if (upstream !== undefined && !upstream.writableFinished) upstream.destroy();
    exchange.upstreamDone();
    if (answer.rawTrailers.length > 0) exchange.response.addTrailers(pairs(answer.rawTrailers));
    exchange.response.end();
    exchange.request.resume();
  }

  private onError(upstream: ClientRequest, error: NodeJS.ErrnoException): void {
    if (this.settled || this.answer !== undefined || upstream !== this.upstream) return;
    if (this.mayRetry(upstream, error)) {
      this.retried = true;
      this.send(true);
      return;
    }
    this.giveUp();
  }

  /** The end without an answer and without an error: an upgrade that nobody asked for, for one. */
  private onClose(upstream: ClientRequest): void {
    if (upstream === this.upstream && this.answer === undefined) this.giveUp();
  }

  /**
   * The side closed a kept connection at the moment we used it. A safe request goes out once more, on a connection of its
   * own; any other may have been executed, and only its client can know whether to repeat it.
   */
  private mayRetry(upstream: ClientRequest, error: NodeJS.ErrnoException): boolean {
    const { head } = this.exchange;
    return (
      !this.retried &&
      upstream.reusedSocket &&
      CONNECTION_LOST.has(error.code ?? '') &&
      SAFE.has(head.method) &&
      head.body === 'none'
    );
  }

  private giveUp(): void {
    if (this.settled) return;
    this.settled = true;
    this.upstream?.destroy();
    this.side.readiness.doubt();
    this.exchange.fail(this.timedOut ? 'upstream_timeout' : 'upstream_failed');
  }

  /** The answer has begun and cannot be completed: only the end of the connection tells the client. */
  private cutOff(): void {
    const alreadyTold = this.settled;
    this.settled = true;
    this.upstream?.destroy();
    const { exchange } = this;
    exchange.upstreamDone();
    if (exchange.response.writableFinished) return;
    if (!alreadyTold) this.side.readiness.doubt();
    const { socket } = exchange.response;
    // To HTTP/1.0 the end of the connection is the end of the body: only a reset says that it is not.
    if (exchange.request.httpVersionMinor === 0 && socket !== null && !('encrypted' in socket))
      socket.resetAndDestroy();
    else exchange.response.destroy();
  }
}

/** Trailers as `addTrailers` takes them. */
function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2)
    result.push([flat[index] as string, flat[index + 1] as string]);
  return result;
}
