import { Agent, request } from 'undici';
import { type HydraCalls } from '../../domain/callers';
import { errorMessage } from '../../domain/error-message';
import { parseHydraCalls } from '../metrics';
import { errorCode, unreachableReason } from '../network-errors';

const ANSWER_LIMIT_BYTES = 32 * 1024 * 1024;

/** What the Hydras of one side say of themselves, each at its own address. */
export class HydraCallReader {
  readonly #agent = new Agent({ connections: 1, maxResponseSize: ANSWER_LIMIT_BYTES });

  constructor(
    private readonly metricsUrls: readonly string[],
    private readonly timeoutMs: number,
  ) {}

  /** Never rejects: one that does not answer is told as such. */
  read(): Promise<readonly { readonly at: string; readonly calls: HydraCalls | string }[]> {
    return Promise.all(this.metricsUrls.map(async (url) => ({ at: new URL(url).host, calls: await this.#one(url) })));
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #one(url: string): Promise<HydraCalls | string> {
    try {
      const { statusCode, body } = await request(url, {
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(this.timeoutMs),
        // A Hydra behind TLS termination refuses plain requests without it.
        headers: { accept: 'text/plain', 'x-forwarded-proto': 'https' },
      });
      const text = await body.text();
      if (statusCode !== 200) return `it answers ${statusCode}`;
      return parseHydraCalls(text) ?? 'it does not count by endpoint';
    } catch (error) {
      return unreachableReason(error) ?? errorCode(error) ?? errorMessage(error);
    }
  }
}
