import { type ServerResponse } from 'node:http';
import { mayRepeat } from '../core/repeat';
import { BODY_LIMIT_BYTES } from '../core/unread-body';
import { responseHeaders } from '../core/request-head';
import { targetAt } from '../core/target-at';
import { type Exchange, type Relay, type RequestBody } from './exchange';
import { type ResponseHead } from './response-parser';
import { type SideRuntime } from './side-runtime';
import { type CallHandler, type UpstreamCall, type UpstreamError } from './upstream';

/** So much of an answer is kept for a client that reads less than its side sends, where a hold waits for that side. */
const UNREAD_LIMIT_BYTES = BODY_LIMIT_BYTES;

/** Streams one request to a side and its answer back, with back-pressure both ways, and changes neither. */
export class StreamRelay implements Relay, CallHandler {
  private call: UpstreamCall | undefined;
  private retried = false;
  /** The answer has begun. */
  private answering = false;
  private settled = false;
  private timedOut = false;
  /** The rest of a large body is under way, and it is the client that we wait for. */
  private awaitsClient = false;
  /** The client has more of the answer to read than it reads. */
  private isBehind = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly side: SideRuntime,
    private readonly body: RequestBody,
  ) {}

  start(): void {
    this.send(false);
  }

  abort(): void {
    this.exchange.deps.behind.delete(this);
    if (this.settled) return;
    this.settled = true;
    this.call?.destroy();
  }

  /** A hold has begun. */
  onHold(): void {
    if (!this.settled && this.exchange.isWaitedFor) this.readAhead();
  }

  onDeadline(): void {
    if (this.answering) {
      this.cutOff();
      return;
    }
    if (this.awaitsClient) {
      this.abort();
      this.exchange.fail('body_timeout');
      return;
    }
    this.timedOut = true;
    this.giveUp();
  }

  onConnecting(): void {
    this.exchange.expectProgress(this.exchange.deps.timeouts.connectTimeoutMs);
  }

  onConnected(): void {
    this.exchange.expectProgress(this.exchange.deps.timeouts.responseTimeoutMs);
  }

  onDrain(): void {
    if (this.settled || this.body.complete) return;
    this.awaitClient();
    this.exchange.request.resume();
  }

  onInterim({ status, rawHeaders }: ResponseHead): void {
    const { response, request } = this.exchange;
    // A 100 was the gateway's to give: it has read the body already.
    if (request.httpVersionMinor > 0 && status === 102) {
      response.writeProcessing();
    } else if (request.httpVersionMinor > 0 && status === 103) {
      const link = rawHeaders.flatMap((name, index) =>
        index % 2 === 0 && name.toLowerCase() === 'link' ? [rawHeaders[index + 1] as string] : [],
      );
      if (link.length > 0) writeHints(response, link);
    }
  }

  onHead(head: ResponseHead): void {
    const { exchange } = this;
    const { response } = exchange;
    if (!exchange.mayTell) {
      this.cutOff();
      return;
    }
    const headers = responseHeaders(head.rawHeaders, this.mayTrail(head), head.status !== 204);
    exchange.answerReader?.onHead(head.status, head.rawHeaders);
    response.sendDate = false; // the side's Date passes, and none is made up
    response.writeHead(head.status, head.reason, headers);
    this.answering = true;
    exchange.expectProgress(exchange.deps.timeouts.idleTimeoutMs);
  }

  /** Whether the answer goes to the client in chunks, which alone have trailers. */
  private mayTrail({ status, rawHeaders }: ResponseHead): boolean {
    const { request } = this.exchange;
    if (request.httpVersionMinor === 0 || request.method === 'HEAD' || status === 204 || status === 304) return false;
    return !rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length');
  }

  onData(chunk: Buffer, last: boolean): void {
    const { exchange } = this;
    exchange.sentBytes += chunk.length;
    exchange.answerReader?.onData(chunk);
    if (last) {
      this.finish(chunk);
      return;
    }
    exchange.expectProgress(exchange.deps.timeouts.idleTimeoutMs);
    if (!exchange.response.write(chunk)) this.fallBehind();
  }

  onEnd(rawTrailers: readonly string[]): void {
    if (this.settled) return;
    if (rawTrailers.length > 0) this.exchange.response.addTrailers(pairs(rawTrailers));
    this.finish(undefined);
  }

  onError(error: UpstreamError): void {
    if (this.settled) return;
    if (this.answering) {
      this.cutOff();
    } else if (error === 'lost' && this.mayRetry()) {
      this.retried = true;
      this.send(true);
    } else {
      this.giveUp();
    }
  }

  /** A slow client: the side is read no further than it reads. What was read already may still hold many chunks. */
  private fallBehind(): void {
    const { exchange, call } = this;
    if (!this.isBehind) this.watchClient();
    if (exchange.isWaitedFor) this.readAhead();
    else call?.pause();
  }

  private watchClient(): void {
    this.isBehind = true;
    const { exchange, call } = this;
    const { behind, timeouts } = exchange.deps;
    behind.add(this);
    exchange.response.once('drain', () => {
      this.isBehind = false;
      behind.delete(this);
      if (this.settled) return; // the connection may serve another request by now
      exchange.expectProgress(timeouts.idleTimeoutMs);
      call?.resume();
    });
  }

  /** What a hold waits for is the side and not the client: it is read to its end, unless that is more than is kept for a client. */
  private readAhead(): void {
    if (this.exchange.response.writableLength > UNREAD_LIMIT_BYTES) this.cutOff();
    else this.call?.resume();
  }

  private send(fresh: boolean): void {
    const { exchange, side } = this;
    const { listener } = exchange.deps;
    const { head } = exchange;
    const upstream = side.upstreams[listener];
    const path = targetAt(side.apiGeneration, listener, head.target);
    const headers = head.hasHost ? head.headers : [...head.headers, 'Host', upstream.authority];
    this.call = upstream.call({ method: head.method, path, headers, body: head.body, fresh }, this);
    this.sendBody(this.call);
  }

  private sendBody(call: UpstreamCall): void {
    const { exchange, body } = this;
    const { request } = exchange;
    if (body.received !== undefined) call.write(body.received);
    if (body.complete) {
      call.end(request.rawTrailers);
      return;
    }
    request.on('data', (chunk: Buffer) => {
      if (this.settled) return;
      if (call.write(chunk)) this.awaitClient();
      else this.awaitSide();
    });
    request.on('end', () => {
      if (this.settled) return;
      this.awaitsClient = false;
      exchange.expectProgress(exchange.deps.timeouts.responseTimeoutMs);
      call.end(request.rawTrailers);
    });
    this.awaitClient();
    request.resume();
  }

  private awaitClient(): void {
    this.awaitsClient = true;
    if (!this.answering) this.exchange.expectProgress(this.exchange.deps.timeouts.bodyTimeoutMs);
  }

  private awaitSide(): void {
    this.awaitsClient = false;
    this.exchange.request.pause();
    if (!this.answering) this.exchange.expectProgress(this.exchange.deps.timeouts.responseTimeoutMs);
  }

  private finish(last: Buffer | undefined): void {
    this.settled = true;
    const { exchange } = this;
    exchange.answerEnded();
    exchange.upstreamDone();
    exchange.response.end(last);
    exchange.request.resume(); // answered before its body was complete: the rest is read and forgotten
  }

  private mayRetry(): boolean {
    const { kind, head } = this.exchange;
    const reused = this.call?.reused === true;
    return mayRepeat({ method: head.method, kind, hasBody: head.body !== 'none', reused, isRepeat: this.retried });
  }

  private giveUp(): void {
    if (this.settled) return;
    this.settled = true;
    this.call?.destroy();
    this.side.readiness.doubt();
    this.exchange.fail(this.timedOut ? 'upstream_timeout' : 'upstream_failed');
  }

  /** The answer has begun and cannot be completed: only the end of the connection tells the client. */
  private cutOff(): void {
    const { exchange } = this;
    if (exchange.response.writableFinished) return;
    // Where it is the client that does not read, the side is not to blame.
    if (!this.settled && !this.isBehind) this.side.readiness.doubt();
    this.settled = true;
    this.call?.destroy();
    exchange.upstreamDone();
    const { socket } = exchange.response;
    // To HTTP/1.0 the end of the connection is the end of the body: only a reset says that it is not.
    if (exchange.request.httpVersionMinor === 0 && socket !== null && !('encrypted' in socket))
      socket.resetAndDestroy();
    else exchange.response.destroy();
  }
}

/** A hint that node cannot write is left out: nobody depends on one. */
function writeHints(response: ServerResponse, link: string[]): void {
  try {
    response.writeEarlyHints({ link });
  } catch {
    // It checks the links before it writes anything.
  }
}

/** Trailers as `addTrailers` takes them. */
function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2)
    result.push([flat[index] as string, flat[index + 1] as string]);
  return result;
}
