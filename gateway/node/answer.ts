import { STATUS_CODES, type ServerResponse } from 'node:http';
import { type AnswerName, ANSWERS, CLOSING, DESCRIPTIONS } from '../core/answers';

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
