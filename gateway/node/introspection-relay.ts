import { vouchedIntrospection } from '../core/introspection';
import { mayRepeat } from '../core/repeat';
import { targetAt } from '../core/target-at';
import { responseHeaders, wholeBodyHeaders } from '../core/request-head';
import { type Exchange, type Relay, type RequestBody } from './exchange';
import { type ResponseHead } from './response-parser';
import { type SideRuntime } from './side-runtime';
import { type UpstreamCall } from './upstream';

const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;
interface WholeAnswer {
  readonly head: ResponseHead;
  readonly body: Buffer;
  readonly status: number;
  readonly text: string;
}

/** Relays a token introspection that {@link vouchedIntrospection} lets pass. */
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
    const answer = await vouchedIntrospection(
      this.side.readiness,
      () => this.ask(body),
      () => this.gone,
    );
    if (answer === 'side_not_ready') this.onFailure(answer);
    else if (answer !== 'gone') this.relay(answer);
  }

  /** @param fresh on a connection of its own, because the side closed the one before at that moment */
  private ask(body: Buffer, fresh = false): Promise<WholeAnswer> {
    const { exchange, side } = this;
    const { head, deps } = exchange;
    const target = side.upstreams[deps.listener];
    const path = targetAt(side.apiGeneration, deps.listener, head.target);
    const headers = wholeBodyHeaders(head.headers, body.length);
    if (!head.hasHost) headers.push('Host', target.authority);
    exchange.expectProgress(deps.timeouts.responseTimeoutMs);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let answer: ResponseHead | undefined;
      const call = target.call(
        { method: 'POST', path, headers, body: 'sized', fresh },
        {
          onConnecting: () => exchange.expectProgress(deps.timeouts.connectTimeoutMs),
          onConnected: () => exchange.expectProgress(deps.timeouts.responseTimeoutMs),
          onHead: (received) => (answer = received),
          onData: (chunk) => {
            bytes += chunk.length;
            chunks.push(chunk);
            if (bytes <= ANSWER_LIMIT_BYTES) return;
            call.destroy();
            reject(new Error('introspection answer too large'));
          },
          onEnd: () => {
            if (answer !== undefined) resolve(wholeAnswer(answer, Buffer.concat(chunks)));
          },
          onError: (error) => {
            // Its body is here in whole, so that it can go out once more as if it had none.
            const lost = {
              method: head.method,
              kind: exchange.kind,
              hasBody: false,
              reused: call.reused,
              isRepeat: fresh,
            };
            if (error !== 'lost' || answer !== undefined || !mayRepeat(lost)) reject(new Error(error));
            else this.ask(body, true).then(resolve, reject);
          },
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

function wholeAnswer(head: ResponseHead, body: Buffer): WholeAnswer {
  return { head, body, status: head.status, text: body.toString('utf8') };
}
