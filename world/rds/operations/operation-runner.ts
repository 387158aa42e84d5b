import { type Logger } from '../../../config/logger';

/** Work that goes on after a request was answered. */
export class OperationRunner {
  readonly #logger: Logger;
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Fires when {@link stop} is called. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Does nothing once stopped. A failure that `work` does not deal with is logged. */
  begin(name: string, subject: string, work: () => Promise<void>): void {
    if (this.#stopping.signal.aborted) return;
    const running = work()
      .catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        this.#logger.error({ err: error, operation: name, subject }, 'operation failed');
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Tells all work to stop and waits until it has. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the endpoint stops'));
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
