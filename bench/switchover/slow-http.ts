import { Agent, type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { type OauthRequest, type OauthResponse } from '../../world/oauth';

/** A client whose network takes its time between the head of a request and its body. */
export class SlowHttp {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly pauseMs: number) {}

  /** @throws CutoverFault HYDRA_UNREACHABLE when there was no complete answer: what the request did is then unknown */
  async send({ operation, method, url, headers, form }: OauthRequest): Promise<OauthResponse> {
    const body = new URLSearchParams(form).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
    try {
      const sent = request(url, { method, agent: this.agent, headers: { ...headers, ...type } });
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      // A refusal may come before the body is sent.
      answered.catch(() => undefined);
      sent.flushHeaders();
      await sleep(this.pauseMs);
      sent.end(body);
      const [answer] = await answered;
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
      return { statusCode: answer.statusCode ?? 0, headers: answer.headers, text };
    } catch (error) {
      throw new CutoverFault('HYDRA_UNREACHABLE', `a slow ${operation} got no answer`, { operation }, error);
    }
  }

  close(): void {
    this.agent.destroy();
  }
}
