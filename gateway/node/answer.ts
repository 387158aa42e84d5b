import { STATUS_CODES, type ServerResponse } from 'node:http';

/** What the gateway itself answers with; `error` is read by OAuth clients. */
export const ANSWERS = {
  held_queue_full: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  in_doubt: { status: 503, error: 'temporarily_unavailable', retryAfterS: 2 },
  shutting_down: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  side_not_ready: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  upstream_failed: { status: 502, error: 'server_error', retryAfterS: undefined },
  upstream_timeout: { status: 504, error: 'server_error', retryAfterS: undefined },
  body_timeout: { status: 408, error: 'invalid_request', retryAfterS: undefined },
  body_given_up: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  too_many_large_bodies: { status: 503, error: 'temporarily_unavailable', retryAfterS: 1 },
  body_too_large: { status: 413, error: 'invalid_request', retryAfterS: undefined },
} as const;

export type AnswerName = keyof typeof ANSWERS;

const DESCRIPTIONS: Record<AnswerName, string> = {
  held_queue_full: 'The service is switching over and cannot hold more requests; retry shortly.',
  in_doubt: 'The service is finding out which side serves; retry shortly.',
  shutting_down: 'This instance is shutting down; retry shortly.',
  side_not_ready: 'The service cannot vouch for tokens at the moment; retry shortly.',
  upstream_failed: 'The upstream server did not answer as the protocol asks.',
  upstream_timeout: 'The upstream server did not answer in time.',
  body_timeout: 'The request body did not arrive in time.',
  body_given_up: 'Too many request bodies are under way; retry shortly.',
  too_many_large_bodies: 'Too many large requests are under way; retry shortly.',
  body_too_large: 'The request body is too large for this endpoint.',
};

/** After these the rest of the request is not waited for. */
const CLOSING: ReadonlySet<AnswerName> = new Set(['body_timeout', 'body_given_up']);

export function answer(response: ServerResponse, name: AnswerName): void {
  const { status, error, retryAfterS } = ANSWERS[name];
  answerJson(response, status, { error, error_description: DESCRIPTIONS[name] }, [
    ...(retryAfterS === undefined ? [] : ['Retry-After', String(retryAfterS)]),
    ...(CLOSING.has(name) ? ['Connection', 'close'] : []),
  ]);
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, unknown>>,
  extra: readonly string[] = [],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = JSON.stringify(body);
  // The reason is spelled out: a response may keep that of an answer which could not be relayed.
  response.writeHead(status, STATUS_CODES[status] ?? '', [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(Buffer.byteLength(text)),
    'Cache-Control',
    'no-store',
    ...extra,
  ]);
  response.end(text);
}

/** An answer on a socket whose request could not be parsed. */
export function rawAnswer(status: number, reason: string, error: string): string {
  const text = JSON.stringify({ error, error_description: reason });
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n` +
    `Connection: close\r\n\r\n${text}`
  );
}
