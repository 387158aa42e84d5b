import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { type SideName } from '../../domain/sides';
import { EPOCH_MAX } from '../../domain/target';
import { VERDICTS, type ConfirmCommitted, type ResolveDoubt } from '../core/doubt';

const ANSWER_LIMIT_BYTES = 4_096;
const answerSchema = z.object({ verdict: z.enum(VERDICTS), epoch: z.int().positive().max(EPOCH_MAX).optional() });

/** What is asked; `told` has the epoch that somebody says was committed, and claims nothing. */
interface HttpQuestion {
  readonly reason: string;
  readonly epoch: number | null;
  readonly appliedEpoch: number | null;
}

/**
 * Asks an endpoint: `POST url` with the question as JSON, answered 200 with `{ "verdict": "aborted" | "committed" | "no_cutover" |
 * "unknown", "epoch"? }`; a commit that answers a question without an epoch has to name it.
 * Everything else rejects, which the gateway takes for `unknown`.
 *
 * @param to the side that serves what was committed
 */
export function doubtOverHttp(
  url: string,
  token: () => string | undefined,
  timeoutMs: number,
  to: SideName,
): ResolveDoubt {
  return async (question) => {
    const { verdict, epoch = question.epoch } = await ask(url, token(), timeoutMs, question);
    if (verdict !== 'committed') return { verdict };
    return epoch === null ? { verdict: 'unknown' } : { verdict, epoch, side: to };
  };
}

/** The same endpoint, asked with reason `told`. */
export function commitOverHttp(url: string, token: () => string | undefined, timeoutMs: number): ConfirmCommitted {
  return async (epoch) => {
    const answer = await ask(url, token(), timeoutMs, { reason: 'told', epoch, appliedEpoch: null });
    return answer.verdict === 'committed' && (answer.epoch ?? epoch) === epoch;
  };
}

function ask(
  url: string,
  token: string | undefined,
  timeoutMs: number,
  question: HttpQuestion,
): Promise<z.output<typeof answerSchema>> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const body = JSON.stringify(question);
    const request = send(url, {
      method: 'POST',
      agent: false,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    });
    const timer = setTimeout(() => request.destroy(new Error(`no verdict within ${timeoutMs} ms`)), timeoutMs);
    request.on('error', reject);
    request.on('close', () => clearTimeout(timer));
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_LIMIT_BYTES) request.destroy(new Error('verdict too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) reject(new Error(`the arbiter answered ${response.statusCode}`));
        else resolve(parseAnswer(text));
      });
    });
    request.end(body);
  });
}

function parseAnswer(text: string): z.output<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(text));
  } catch {
    return { verdict: 'unknown' };
  }
}
