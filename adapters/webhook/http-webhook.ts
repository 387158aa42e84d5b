import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';
import { type News } from '../../domain/asides';
import { CutoverFault } from '../../domain/faults';

export interface HttpWebhookOptions {
  readonly url: string;
  /** Asked for each time: it may be a newer one. */
  readonly secret: () => string;
  readonly timeoutMs: number;
  /** PEM certificates that vouch for it. @default those of the system */
  readonly ca?: string;
}

/** Nobody reads more of an answer. */
const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * Sends news as JSON to one address, signed. A redirect is not followed, because what is signed is meant for that address; it is a
 * failure, as is an answer that is not 2xx or does not come in time.
 *
 * @throws CutoverFault WEBHOOK_FAILED (retryable)
 */
export class HttpWebhook {
  readonly #agent: Agent;

  constructor(private readonly options: HttpWebhookOptions) {
    const { ca } = options;
    this.#agent = new Agent({
      maxResponseSize: ANSWER_BYTES_MAX,
      ...(ca === undefined ? {} : { connect: { ca } }),
    });
  }

  async tell(news: News): Promise<void> {
    const { url, timeoutMs } = this.options;
    const body = JSON.stringify(news);
    const at = String(Math.floor(Date.now() / 1_000));
    const { host } = new URL(url);
    let statusCode: number;
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          'content-type': 'application/json',
          'user-agent': 'hydra-cutover',
          'x-hydra-cutover-id': news.id,
          'x-hydra-cutover-signature': `t=${at},v1=${signatureOf(this.options.secret(), at, body)}`,
        },
        body,
      });
      // Only so that it comes to its end, in time.
      await response.body.text();
      ({ statusCode } = response);
    } catch (error) {
      const why = (error as Error).name === 'TimeoutError' ? `no answer in ${timeoutMs} ms` : 'no answer';
      throw new CutoverFault('WEBHOOK_FAILED', `webhook ${host}: ${why}; it is tried again`, { host }, error);
    }
    if (statusCode >= 200 && statusCode < 300) return;
    const why =
      statusCode >= 300 && statusCode < 400
        ? `a redirect (${statusCode}), which is not followed: correct webhook.url`
        : String(statusCode);
    throw new CutoverFault('WEBHOOK_FAILED', `webhook ${host} answered ${why}; it is tried again`, {
      host,
      statusCode,
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/**
 * @param at seconds since the epoch: whoever checks refuses an old one
 * @returns HMAC-SHA256 over `AT.BODY`, in hex
 */
export function signatureOf(secret: string, at: string, body: string): string {
  return createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
}
