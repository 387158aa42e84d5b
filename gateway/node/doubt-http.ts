import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { VERDICTS, type ResolveDoubt } from '../core/doubt';

const ANSWER_LIMIT_BYTES = 4_096;
const answerSchema = z.object({ verdict: z.enum(VERDICTS) });

/**
 * Asks an endpoint: `POST url` with the question as JSON, answered 200 `{ "verdict": "aborted" | "committed" | "unknown" }`.
 * Everything else rejects, which the gateway takes for `unknown`.
 */
export function doubtOverHttp(url: string, token: string | undefined, timeoutMs: number): ResolveDoubt {
  return (question) =>
    new Promise((resolve, reject) => {
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
          else resolve(parseVerdict(text));
        });
      });
      request.end(body);
    });
}

function parseVerdict(text: string): z.output<typeof answerSchema>['verdict'] {
  try {
    return answerSchema.parse(JSON.parse(text)).verdict;
  } catch {
    return 'unknown';
  }
}
