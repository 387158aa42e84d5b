import { type WholeAnswer } from '../core/refresh-retries';
import { responseHeaders } from '../core/request-head';
import { type Exchange, type Relay } from './exchange';
import { NoAnswer } from './refresh-call';

/** Gives one client the answer to a refresh that others may get, too. */
export class RefreshRelay implements Relay {
  private gone = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly answer: Promise<WholeAnswer>,
  ) {}

  start(): void {
    this.exchange.deadlineAt = Infinity; // the call has deadlines of its own
    this.answer.then(
      (answer) => this.tell(answer),
      (error: unknown) => this.fail(error instanceof NoAnswer ? error.answer : 'upstream_failed'),
    );
  }

  abort(): void {
    this.gone = true;
  }

  /** It does not read its answer. */
  onDeadline(): void {
    if (!this.exchange.response.writableFinished) this.exchange.response.destroy();
  }

  private tell({ status, reason, rawHeaders, body }: WholeAnswer): void {
    if (this.gone) return;
    const { exchange } = this;
    const { response } = exchange;
    if (!exchange.mayTell) {
      response.destroy();
      return;
    }
    response.sendDate = false;
    response.writeHead(status, reason, responseHeaders(rawHeaders, false));
    exchange.sentBytes = body.length;
    exchange.expectProgress(exchange.deps.timeouts.idleTimeoutMs);
    response.end(body);
  }

  private fail(name: NoAnswer['answer']): void {
    if (!this.gone) this.exchange.fail(name);
  }
}
