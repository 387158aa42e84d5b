import { createHmac, randomBytes } from 'node:crypto';
import { RefreshRetries, type Spared, type WholeAnswer } from '../core/refresh-retries';
import { wholeBodyHeaders } from '../core/request-head';
import { nodeClock } from './clock';
import { type GatewayConfig } from './config-schema';
import { type Exchange } from './exchange';
import { type ResponseHead } from './response-parser';
import { type SideRuntime } from './side-runtime';
import { type Swept } from './sweeper';
import { type CallHandler, type UpstreamCall } from './upstream';

/** A token answer is a few kilobytes. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

/** @returns undefined where it is off */
export function createRefreshRetries(
  { refreshRetries: settings }: GatewayConfig,
  onSpared: (how: Spared) => void,
): RefreshRetries | undefined {
  if (settings.keepMs === 0) return undefined;
  const secret = randomBytes(32);
  const digest = (text: string) => createHmac('sha256', secret).update(text).digest('base64url');
  return new RefreshRetries({ clock: nodeClock, settings, digest, onSpared });
}

/** Why there is no whole answer. */
export class NoAnswer extends Error {
  constructor(readonly answer: 'upstream_failed' | 'upstream_timeout') {
    super(answer);
  }
}

/**
 * Sends a refresh to its side and reads the whole answer. The call belongs to none of its clients: it goes on when the one that began it
 * has left, and is in flight until it has ended.
 */
export function sendRefresh(exchange: Exchange, side: SideRuntime, body: Buffer): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => new RefreshCall(exchange, side, { resolve, reject }).send(body));
}

interface Settle {
  readonly resolve: (answer: WholeAnswer) => void;
  readonly reject: (error: NoAnswer) => void;
}

class RefreshCall implements CallHandler, Swept {
  deadlineAt = Infinity;
  private readonly ended: () => void;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private head: ResponseHead | undefined;
  private call: UpstreamCall | undefined;
  private settled = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly side: SideRuntime,
    private readonly settle: Settle,
  ) {
    this.ended = exchange.handOver();
  }

  send(body: Buffer): void {
    const { exchange, side } = this;
    const { head, deps } = exchange;
    const upstream = side.upstreams.public;
    const headers = wholeBodyHeaders(head.headers, body.length);
    if (!head.hasHost) headers.push('Host', upstream.authority);
    deps.sweeper.add(this);
    this.onConnected();
    this.call = upstream.call({ method: 'POST', path: head.target, headers, body: 'sized' }, this);
    this.call.write(body);
    this.call.end();
  }

  onConnecting(): void {
    this.expectWithin(this.exchange.deps.timeouts.connectTimeoutMs);
  }

  onConnected(): void {
    this.expectWithin(this.exchange.deps.timeouts.responseTimeoutMs);
  }

  onHead(head: ResponseHead): void {
    this.head = head;
    this.exchange.answerReader?.onHead(head.status, head.rawHeaders);
    this.expectWithin(this.exchange.deps.timeouts.idleTimeoutMs);
  }

  onData(chunk: Buffer): void {
    this.expectWithin(this.exchange.deps.timeouts.idleTimeoutMs);
    this.exchange.answerReader?.onData(chunk);
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes > ANSWER_LIMIT_BYTES) this.fail('upstream_failed');
  }

  onEnd(): void {
    if (this.settled || this.head === undefined) return;
    const { status, reason, rawHeaders } = this.head;
    this.settle.resolve({ status, reason, rawHeaders, body: Buffer.concat(this.chunks) });
    this.exchange.answerEnded();
    this.finish();
  }

  onError(): void {
    this.fail('upstream_failed');
  }

  onDeadline(): void {
    this.fail('upstream_timeout');
  }

  private expectWithin(ms: number): void {
    this.deadlineAt = this.exchange.deps.sweeper.now + ms;
  }

  private fail(answer: NoAnswer['answer']): void {
    if (this.settled) return;
    this.call?.destroy();
    this.side.readiness.doubt();
    this.settle.reject(new NoAnswer(answer));
    this.finish();
  }

  private finish(): void {
    this.settled = true;
    this.exchange.deps.sweeper.remove(this);
    this.ended();
  }
}
