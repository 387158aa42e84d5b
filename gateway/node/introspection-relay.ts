import { adminPath } from '../../hydra/versions';
import { judgeIntrospection } from '../core/introspection';
import { responseHeaders, wholeBodyHeaders } from '../core/request-head';
import { type Exchange, type Relay, type RequestBody } from './exchange';
import { type ResponseHead } from './response-parser';
import { type SideRuntime } from './side-runtime';
import { type UpstreamCall } from './upstream';

const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;
/** "Inactive" has to be said this often, with a working database seen after each time. */
const INACTIVE_ANSWERS = 2;

interface WholeAnswer {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

/**
 * Relays a token introspection, and a "not active" only when the database was there: Hydra says it of every token while its
 * database is away. Not ready at the start: 503. An answer other than `active: true` is asked for twice, and each time the
 * side has to be ready *after* it was given; so neither a stale "ready" nor a short interruption between two polls gets through.
 * Introspection changes nothing, which is why it may be asked twice.
 */
export class IntrospectionRelay implements Relay {
  private current: UpstreamCall | undefined;
  private gone = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly side: SideRuntime,
    private readonly body: RequestBody,
  ) {}

  start(): void {
    const { received, complete } = this.body;
    if (complete) this.run(received ?? Buffer.alloc(0)).catch(() => this.onFailure('upstream_failed'));
    else this.exchange.fail('body_too_large');
  }

  abort(): void {
    if (this.gone) return;
    this.gone = true;
    this.current?.destroy();
  }

  onDeadline(): void {
    this.onFailure('upstream_timeout');
  }

  private async run(body: Buffer): Promise<void> {
    const { readiness } = this.side;
    if (!readiness.isReady && !(await readiness.check())) {
      this.onFailure('side_not_ready');
      return;
    }
    for (let inactiveAnswers = 0; ;) {
      if (this.gone) return;
      const answer = await this.ask(body);
      const verdict = judgeIntrospection(answer.head.status, answer.body.toString('utf8'));
      if (verdict === 'inactive_or_unclear') {
        inactiveAnswers += 1;
        if (!(await readiness.check())) {
          this.onFailure('side_not_ready');
          return;
        }
        if (inactiveAnswers < INACTIVE_ANSWERS) continue;
      }
      this.relay(answer);
      return;
    }
  }

  private ask(body: Buffer): Promise<WholeAnswer> {
    const { exchange, side } = this;
    const { head, deps } = exchange;
    const target = side.upstreams[deps.listener];
    const path = deps.listener === 'admin' ? adminPath(head.target, side.apiGeneration) : head.target;
    const headers = wholeBodyHeaders(head.headers, body.length);
    if (!head.hasHost) headers.push('Host', target.authority);
    exchange.expectProgress(deps.timeouts.responseTimeoutMs);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let answer: ResponseHead | undefined;
      const call = target.call(
        { method: 'POST', path, headers, body: 'sized' },
        {
          onConnecting: () => exchange.expectProgress(deps.timeouts.connectTimeoutMs),
          onConnected: () => exchange.expectProgress(deps.timeouts.responseTimeoutMs),
          onDrain: () => undefined,
          onInterim: () => undefined,
          onHead: (received) => (answer = received),
          onData: (chunk) => {
            bytes += chunk.length;
            chunks.push(chunk);
            if (bytes <= ANSWER_LIMIT_BYTES) return;
            call.destroy();
            reject(new Error('introspection answer too large'));
          },
          onEnd: () => {
            if (answer !== undefined) resolve({ head: answer, body: Buffer.concat(chunks) });
          },
          onError: (error) => reject(new Error(error)),
        },
      );
      this.current = call;
      call.write(body);
      call.end();
    });
  }

  private relay({ head, body }: WholeAnswer): void {
    if (this.gone) return;
    const { exchange } = this;
    exchange.answerReader?.onHead(head.status, head.rawHeaders);
    exchange.answerReader?.onData(body);
    exchange.answerEnded();
    exchange.response.sendDate = false;
    exchange.response.writeHead(head.status, head.reason, responseHeaders(head.rawHeaders, false));
    this.gone = true;
    exchange.upstreamDone();
    exchange.sentBytes = body.length;
    exchange.response.end(body);
  }

  private onFailure(name: 'upstream_failed' | 'upstream_timeout' | 'side_not_ready'): void {
    if (this.gone) return;
    this.abort();
    if (name !== 'side_not_ready') this.side.readiness.doubt();
    this.exchange.fail(name);
  }
}
