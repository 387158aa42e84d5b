import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type HydraAge } from '../../domain/in-place/ages';
import { type BesideSplit } from '../core/beside';
import {
  type Feature,
  type FeatureAnswer,
  type HeaderFeature,
  type ListenerName,
  type RewriteFeature,
} from '../core/feature';
import { type GatewayController } from '../core/gateway-controller';
import { type Side } from '../core/gateway-state';
import { type Parked, type ParkRefusal, type RequestKind } from '../core/hold-queue';
import { type RefreshRetries, type WholeAnswer } from '../core/refresh-retries';
import { isIntrospection } from '../core/introspection';
import { refusedUnread } from '../core/unread-body';
import { answerToRefusal, type AnswerName } from '../core/answers';
import { readForm } from '../core/form';
import { type Observer, type Watched } from '../core/observer';
import { OAuthAnswerReader, oauthQuestion } from '../core/oauth-answer';
import { rewriteRequest } from '../core/rewrite-request';
import { type KindOf } from '../core/request-kind';
import { type RequestHead } from '../core/request-head';
import { answer, answerJson } from './answer';
import { type BodyPool, type PooledBody } from './body-pool';
import { BodyReader, type BodyOutcome } from './body-reader';
import { type ExchangeReport, type OAuthAnswer } from './exchange-report';
import { IntrospectionRelay } from './introspection-relay';
import { sendRefresh } from './refresh-call';
import { RefreshRelay } from './refresh-relay';
import { type SideRuntime } from './side-runtime';
import { StreamRelay } from './stream-relay';
import { type Sweeper, type Swept } from './sweeper';

const NOTHING: RequestBody = { received: undefined, complete: true };

interface ExchangeTimeouts {
  /** For a client to send the body that is read before anything else, and between two pieces of a larger one. */
  readonly bodyTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly responseTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface ExchangeDeps {
  readonly listener: ListenerName;
  readonly controller: GatewayController;
  readonly sides: Readonly<Record<Side, SideRuntime>>;
  readonly sweeper: Sweeper;
  readonly bodies: BodyPool;
  /** Answers of which a client reads less than its side sends. */
  readonly behind: Set<StreamRelay>;
  readonly timeouts: ExchangeTimeouts;
  readonly features: readonly Feature[];
  readonly headerFeatures: readonly HeaderFeature[];
  readonly rewriteFeatures: readonly RewriteFeature[];
  readonly observer: Observer;
  /** Without it every refresh is sent. */
  readonly refreshRetries: RefreshRetries | undefined;
  /** Whose word about the client is taken. */
  readonly isTrusted: (address: string) => boolean;
  /** Of the requests of a side that has an older Hydra beside it. */
  readonly split: BesideSplit;
  /** Whether a request changes something; asked once for each. */
  readonly kindOf: KindOf;
  readonly onEnd: (report: ExchangeReport) => void;
  /** A side has answered after the client had left, and its report was made. */
  readonly onLateAnswer: (side: Side, answer: OAuthAnswer, durationMs: number) => void;
  /** Bytes above 0x7f in a target were percent-encoded. */
  readonly onEncodedTarget: () => void;
}

/** What was read of a request body before forwarding. */
export interface RequestBody {
  readonly received: Buffer | undefined;
  /** Otherwise it is larger than what is read ahead, and the rest still comes from the request. */
  readonly complete: boolean;
}

/** How a forwarded request is answered. */
export interface Relay {
  start(): void;
  /** The client is gone. */
  abort(): void;
  onDeadline(): void;
}

/**
 * One request of a client, from its head to the end of its answer.
 *
 * Until its body is here it has reached nobody: it takes no connection to a side, no hold waits for it, and a client that
 * stalls costs nobody anything. Only of a body above `BODY_LIMIT_BYTES` is the rest streamed.
 */
export class Exchange implements Parked, Swept, PooledBody {
  readonly startedAt = performance.now();
  readonly kind: RequestKind;
  deadlineAt = Infinity;
  side: Side | undefined;
  private hydra: HydraAge | undefined;
  private leaveHydra: (() => void) | undefined;
  private lapsesBefore = 0;
  sentBytes = 0;
  private relay: Relay | undefined;
  private inFlight = false;
  private parkedAt: number | undefined;
  private parkedMs = 0;
  private isParked = false;
  private ended = false;
  private reader: BodyReader | undefined;
  private body = NOTHING;
  /** Of what the side says; a relay feeds it. */
  answerReader: OAuthAnswerReader | undefined;
  private watched: Watched | undefined;
  private answered = false;

  constructor(
    readonly deps: ExchangeDeps,
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    public head: RequestHead,
    /** The client waits for `100 Continue` before it sends its body. */
    readonly expectsContinue: boolean,
  ) {
    this.kind = deps.kindOf(deps.listener, head.method, head.target);
  }

  start(): void {
    this.response.once('close', () => this.end());
    if (this.head.body === 'none') this.admit();
    else this.receive();
  }

  proceed(side: Side): void {
    this.leaveQueue();
    this.dispatch(side);
  }

  refuse(why: ParkRefusal): void {
    this.leaveQueue();
    this.fail(answerToRefusal(why));
  }

  onDeadline(): void {
    if (this.relay === undefined) this.fail('body_timeout');
    else this.relay.onDeadline();
  }

  /** A hold has begun: of a body that is streamed the rest may never come. A side that has begun to answer has it all, or needs no more. */
  giveUp(): void {
    if (!this.isWaitedFor || this.request.complete || this.response.headersSent) return;
    this.relay?.abort();
    this.fail('held_queue_full');
  }

  /** Or a feature answers in its place. */
  get isAtSide(): boolean {
    return this.side !== undefined;
  }

  /** By a hold, while it is in flight. */
  get isWaitedFor(): boolean {
    return this.deps.controller.isDraining(this.kind);
  }

  get mayTell(): boolean {
    return this.deps.controller.mayTell(this.kind, this.lapsesBefore);
  }

  /** Another byte, in either direction: the next one has to come within `withinMs`. */
  expectProgress(withinMs: number): void {
    this.deadlineAt = this.deps.sweeper.now + withinMs;
  }

  /** The side's answer is here in full. */
  answerEnded(): void {
    this.answered = true;
    if (!this.ended || this.side === undefined) return;
    const { answer } = this;
    if (answer !== undefined) this.deps.onLateAnswer(this.side, answer, this.answerMs);
    this.tellObserver();
  }

  /** Somebody else counts it as in flight from here on. @returns to be called once, when the side has answered or never will */
  handOver(): () => void {
    const leaveHydra = this.leaveHydra;
    this.leaveHydra = undefined;
    this.inFlight = false;
    return () => {
      leaveHydra?.();
      this.deps.controller.finished(this.kind);
    };
  }

  /** The side has answered in full, or never will. Idempotent. */
  upstreamDone(): void {
    this.leaveHydra?.();
    this.leaveHydra = undefined;
    if (!this.inFlight) return;
    this.inFlight = false;
    this.deps.controller.finished(this.kind);
  }

  /** An answer of the gateway's own, or the end of the connection when another answer has begun. */
  fail(name: AnswerName): void {
    this.reader?.release();
    this.upstreamDone();
    answer(this.response, name);
    this.request.resume(); // what is left of the body is read and forgotten
  }

  private receive(): void {
    const refusal = refusedUnread(this.head);
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const { sweeper, bodies, timeouts } = this.deps;
    this.reader = new BodyReader(this.request, bodies, (outcome) => this.received(outcome));
    sweeper.add(this);
    this.expectProgress(timeouts.bodyTimeoutMs);
    if (this.expectsContinue) this.response.writeContinue();
  }

  private received(outcome: BodyOutcome): void {
    this.deadlineAt = Infinity;
    if (outcome === 'no_room') {
      this.fail('body_given_up');
      return;
    }
    if (outcome === 'too_large') {
      if (!this.deps.bodies.openStream(this)) {
        this.fail('too_many_large_bodies');
        return;
      }
    }
    this.body = { received: this.reader?.received, complete: outcome === 'complete' };
    this.admit();
  }

  private admit(): void {
    const side = this.deps.controller.admit(this.kind);
    if (side === null) this.park();
    else this.dispatch(side);
  }

  private park(): void {
    const { received, complete } = this.body;
    const bytes = this.head.headBytes + (received?.length ?? 0);
    const refusal = complete ? this.deps.controller.park(this, bytes) : 'too_many_bytes';
    if (refusal !== undefined) {
      this.refuse(refusal);
      return;
    }
    this.isParked = true;
    this.parkedAt = performance.now();
  }

  private leaveQueue(): void {
    this.isParked = false;
    if (this.parkedAt !== undefined) this.parkedMs = performance.now() - this.parkedAt;
  }

  private dispatch(side: Side): void {
    this.side = side;
    this.inFlight = true;
    const { controller, features, listener, sweeper, timeouts } = this.deps;
    this.lapsesBefore = controller.lapses;
    sweeper.add(this);
    this.expectProgress(timeouts.responseTimeoutMs);
    const { method, target } = this.head;
    for (const feature of features) {
      if (!feature.concerns(listener, method, target)) continue;
      this.askFeatures(side).catch(() => this.fail('upstream_failed'));
      return;
    }
    this.forward(side);
  }

  private forward(side: Side): void {
    const { method, target, headers } = this.head;
    const { listener, headerFeatures, observer } = this.deps;
    const whole = this.body.complete ? this.body.received : undefined;
    const key = this.deps.refreshRetries?.keyOf({ listener, side, method, target, headers, body: whole });
    const answered = key === undefined ? undefined : this.deps.refreshRetries?.find(key);
    if (answered !== undefined) {
      this.upstreamDone();
      this.startRelay(new RefreshRelay(this, answered));
      return;
    }
    const question = oauthQuestion(listener, method, target, () => readForm(headers, whole));
    this.answerReader = new OAuthAnswerReader(question);
    this.watched = observer.watch({ listener, side, head: this.head, body: whole, reader: this.answerReader });
    for (const feature of headerFeatures) {
      if (feature.changesHeaders(listener, target)) feature.onHeaders({ side, headers });
    }
    this.rewrite(side);
    const runtime = this.chooseHydra(this.deps.sides[side], whole);
    if (key !== undefined) this.startRelay(new RefreshRelay(this, this.sendRefresh(key, runtime)));
    else if (isIntrospection(method, target)) this.startRelay(new IntrospectionRelay(this, runtime, this.body));
    else this.startRelay(new StreamRelay(this, runtime, this.body));
  }

  private startRelay(relay: Relay): void {
    this.relay = relay;
    relay.start();
  }

  private sendRefresh(key: string, runtime: SideRuntime): Promise<WholeAnswer> {
    const answer = sendRefresh(this, runtime, this.body.received ?? Buffer.alloc(0));
    this.deps.refreshRetries?.sent(key, answer);
    return answer;
  }

  private rewrite(side: Side): void {
    const { listener, rewriteFeatures } = this.deps;
    const { received, complete } = this.body;
    const whole = complete ? received : undefined;
    const { head, body } = rewriteRequest(rewriteFeatures, { listener, side, head: this.head, body: whole });
    this.head = head;
    if (body !== undefined && body !== whole) this.body = { received: Buffer.from(body), complete: true };
  }

  private chooseHydra(runtime: SideRuntime, whole: Buffer | undefined): SideRuntime {
    if (runtime.older === undefined) return runtime;
    const { headers } = this.head;
    this.hydra = this.deps.split.pick(headers, () => readForm(headers, whole));
    this.leaveHydra = this.deps.split.sent(this.hydra);
    return this.hydra === 'new' ? runtime : runtime.older;
  }

  private async askFeatures(side: Side): Promise<void> {
    const { listener, features } = this.deps;
    const { method, target } = this.head;
    const body = this.body.complete ? (this.body.received ?? Buffer.alloc(0)) : undefined;
    for (const feature of features.filter((each) => each.concerns(listener, method, target))) {
      const { rawHeaders } = this.request;
      const result = await feature.onRequest({ listener, side, method, target, rawHeaders, body });
      if (this.ended || this.response.writableEnded) return;
      if (result !== 'pass') {
        this.sendFeatureAnswer(result);
        return;
      }
    }
    this.forward(side);
  }

  private sendFeatureAnswer({ status, headers, body }: FeatureAnswer): void {
    this.upstreamDone();
    this.sentBytes = Buffer.byteLength(body);
    this.response.writeHead(status, [...Object.entries(headers).flat(), 'Content-Length', String(this.sentBytes)]);
    this.response.end(body);
    this.request.resume(); // what is left of the body is read and forgotten
  }

  private end(): void {
    this.ended = true;
    const { controller, sweeper, bodies, onEnd, listener } = this.deps;
    if (this.isParked) {
      this.leaveQueue();
      controller.drop(this);
    }
    this.relay?.abort();
    this.upstreamDone();
    this.reader?.release();
    bodies.closeStream(this);
    sweeper.remove(this);
    const { response, head, answerReader } = this;
    this.tellObserver();
    onEnd({
      listener,
      side: this.side,
      beside: this.hydra && answerReader && { ...answerReader.question, hydra: this.hydra },
      method: head.method,
      path: head.path,
      client: head.clientAddress,
      requestId: head.requestId,
      kind: this.kind,
      status: response.headersSent ? response.statusCode : 499,
      complete: response.writableFinished,
      durationMs: performance.now() - this.startedAt,
      parkedMs: this.parkedMs,
      sentBytes: this.sentBytes,
      answer: this.answer,
    });
  }

  private get answer(): OAuthAnswer | undefined {
    const { answered, answerReader } = this;
    return answered && answerReader ? { ...answerReader.question, outcome: answerReader.outcome } : undefined;
  }

  /** Without the time that it was parked. */
  private get answerMs(): number {
    return performance.now() - this.startedAt - this.parkedMs;
  }

  private tellObserver(): void {
    if (this.answered && this.answerReader) this.watched?.answered(this.answerReader, this.answerMs);
  }
}

/** Answers a request whose head is not acceptable; nothing was forwarded. */
export function refuseHead(response: ServerResponse, status: number, message: string): void {
  answerJson(response, status, { error: 'invalid_request', error_description: message }, ['Connection', 'close']);
}
