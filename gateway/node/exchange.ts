import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Feature, type FeatureAnswer, type HeaderFeature, type ListenerName } from '../core/feature';
import { type GatewayController } from '../core/gateway-controller';
import { type Side } from '../core/gateway-state';
import { type Parked, type ParkRefusal } from '../core/hold-queue';
import { isIntrospection } from '../core/introspection';
import { type RequestHead } from '../core/request-head';
import { answer, answerJson, type AnswerName } from './answer';
import { BodyBuffer } from './body-buffer';
import { IntrospectionRelay } from './introspection-relay';
import { type SideRuntime } from './side-runtime';
import { StreamRelay } from './stream-relay';
import { type Sweeper, type Swept } from './sweeper';

/** One waiting request may keep this much of its body here; OAuth bodies are a few kilobytes. */
export const PARKED_BODY_LIMIT_BYTES = 256 * 1024;
const NOTHING: RequestBody = { received: undefined, complete: false };

export interface ExchangeTimeouts {
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface ExchangeDeps {
  readonly listener: ListenerName;
  readonly controller: GatewayController;
  readonly sides: Readonly<Record<Side, SideRuntime>>;
  readonly sweeper: Sweeper;
  readonly timeouts: ExchangeTimeouts;
  readonly features: readonly Feature[];
  readonly headerFeatures: readonly HeaderFeature[];
  readonly onEnd: (report: ExchangeReport) => void;
}

export interface ExchangeReport {
  readonly listener: ListenerName;
  readonly side: Side | undefined;
  readonly method: string;
  readonly path: string;
  /** 499 when the client left before an answer began. */
  readonly status: number;
  /** The client got everything. */
  readonly complete: boolean;
  readonly durationMs: number;
  readonly parkedMs: number;
  readonly sentBytes: number;
}

/** The part of a request body that was read before forwarding; the rest still comes from the request. */
export interface RequestBody {
  readonly received: Buffer | undefined;
  readonly complete: boolean;
}

/** How a forwarded request is answered. */
export interface Relay {
  start(): void;
  /** The client is gone. */
  abort(): void;
  onDeadline(): void;
}

/** One request of a client, from its head to the end of its answer. */
export class Exchange implements Parked, Swept {
  readonly startedAt = performance.now();
  deadlineAt = Infinity;
  side: Side | undefined;
  sentBytes = 0;
  private relay: Relay | undefined;
  private inFlight = false;
  private parkedAt: number | undefined;
  private parkedMs = 0;
  private isParked = false;
  private ended = false;
  private buffer: BodyBuffer | undefined;

  constructor(
    readonly deps: ExchangeDeps,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly head: RequestHead,
    /** The client waits for `100 Continue` before it sends its body. */
    readonly expectsContinue: boolean,
  ) {}

  start(): void {
    this.response.once('close', () => this.end());
    const side = this.deps.controller.admit();
    if (side === null) this.park();
    else this.dispatch(side, NOTHING);
  }

  proceed(side: Side): void {
    this.leaveQueue();
    const received = this.buffer?.detach();
    this.dispatch(side, { received, complete: this.buffer?.complete ?? false });
  }

  refuse(why: ParkRefusal): void {
    this.leaveQueue();
    this.buffer?.detach();
    const name = why === 'in_doubt' || why === 'shutting_down' ? why : 'held_queue_full';
    this.fail(name);
  }

  onDeadline(): void {
    this.relay?.onDeadline();
  }

  /** Another byte, in either direction: the next one has to come within `withinMs`. */
  expectProgress(withinMs: number): void {
    this.deadlineAt = this.deps.sweeper.now + withinMs;
  }

  /** The side has answered in full, or never will. Idempotent. */
  upstreamDone(): void {
    if (!this.inFlight) return;
    this.inFlight = false;
    this.deps.controller.finished();
  }

  /** An answer of the gateway's own, or the end of the connection when another answer has begun. */
  fail(name: AnswerName): void {
    this.upstreamDone();
    answer(this.response, name, this.expectsContinue);
    this.request.resume(); // what is left of the body is read and forgotten
  }

  /**
   * Reads the whole body. Answers 413 itself and never calls back when there is more than `limitBytes`.
   */
  collectBody(body: RequestBody, limitBytes: number, done: (body: Buffer) => void): void {
    const received = body.received ?? Buffer.alloc(0);
    if (this.head.contentLength > limitBytes || received.length > limitBytes) {
      this.fail('body_too_large');
      return;
    }
    if (body.complete || this.head.body === 'none') {
      done(received);
      return;
    }
    const buffer = new BodyBuffer(this.request, (_chunk, total) => {
      if (received.length + total <= limitBytes) return true;
      this.fail('body_too_large');
      return false;
    });
    buffer.onComplete(() => done(Buffer.concat([received, buffer.detach()])));
    if (this.expectsContinue && !body.complete) this.response.writeContinue();
    this.request.resume();
  }

  private park(): void {
    const { controller } = this.deps;
    if (this.head.contentLength > PARKED_BODY_LIMIT_BYTES) {
      this.fail('held_queue_full');
      return;
    }
    const refusal = controller.park(this, this.head.headBytes);
    if (refusal !== undefined) {
      this.refuse(refusal);
      return;
    }
    this.isParked = true;
    this.parkedAt = performance.now();
    if (this.head.body === 'none' || this.expectsContinue) return;
    this.buffer = new BodyBuffer(this.request, (chunkBytes, totalBytes) => {
      if (totalBytes <= PARKED_BODY_LIMIT_BYTES && controller.grow(this, chunkBytes)) return true;
      controller.withdraw(this);
      this.leaveQueue();
      this.fail('held_queue_full');
      return false;
    });
  }

  private leaveQueue(): void {
    this.isParked = false;
    if (this.parkedAt !== undefined) this.parkedMs = performance.now() - this.parkedAt;
  }

  private dispatch(side: Side, body: RequestBody): void {
    this.side = side;
    this.inFlight = true;
    const { features, listener, sweeper, timeouts } = this.deps;
    sweeper.add(this);
    this.expectProgress(timeouts.responseTimeoutMs);
    const { method, target } = this.head;
    for (const feature of features) {
      if (!feature.concerns(listener, method, target)) continue;
      this.askFeatures(side, body).catch(() => this.fail('upstream_failed'));
      return;
    }
    this.forward(side, body);
  }

  private forward(side: Side, body: RequestBody): void {
    const { method, target, headers } = this.head;
    const { listener, headerFeatures } = this.deps;
    for (const feature of headerFeatures) {
      if (feature.changesHeaders(listener, target)) feature.onHeaders({ side, headers });
    }
    this.relay = isIntrospection(method, target)
      ? new IntrospectionRelay(this, this.deps.sides[side], body)
      : new StreamRelay(this, this.deps.sides[side], body);
    this.relay.start();
  }

  private async askFeatures(side: Side, body: RequestBody): Promise<void> {
    let current = body;
    const { listener, features } = this.deps;
    const { method, target } = this.head;
    for (const feature of features.filter((each) => each.concerns(listener, method, target))) {
      const readBody = (limitBytes: number) =>
        new Promise<Uint8Array>((resolve) => {
          this.collectBody(current, limitBytes, (bytes) => {
            current = { received: bytes, complete: true };
            resolve(bytes);
          });
        });
      const { rawHeaders } = this.request;
      const result = await feature.onRequest({ listener, side, method, target, rawHeaders, readBody });
      if (this.ended) return;
      if (result !== 'pass') {
        this.sendFeatureAnswer(result);
        return;
      }
    }
    this.forward(side, current);
  }

  private sendFeatureAnswer({ status, headers, body }: FeatureAnswer): void {
    this.upstreamDone();
    this.sentBytes = Buffer.byteLength(body);
    this.response.writeHead(status, [
      ...Object.entries(headers).flat(),
      'Content-Length',
      String(this.sentBytes),
      ...(this.expectsContinue ? ['Connection', 'close'] : []),
    ]);
    this.response.end(body);
    this.request.resume(); // what is left of the body is read and forgotten
  }

  private end(): void {
    this.ended = true;
    const { controller, sweeper, onEnd, listener } = this.deps;
    if (this.isParked) {
      this.leaveQueue();
      controller.drop(this);
    }
    this.relay?.abort();
    this.upstreamDone();
    sweeper.remove(this);
    const { response, head } = this;
    onEnd({
      listener,
      side: this.side,
      method: head.method,
      path: head.path,
      status: response.headersSent ? response.statusCode : 499,
      complete: response.writableFinished,
      durationMs: performance.now() - this.startedAt,
      parkedMs: this.parkedMs,
      sentBytes: this.sentBytes,
    });
  }
}

/** Answers a request whose head is not acceptable; nothing was forwarded. */
export function refuseHead(response: ServerResponse, status: number, message: string): void {
  answerJson(response, status, { error: 'invalid_request', error_description: message }, ['Connection', 'close']);
}
