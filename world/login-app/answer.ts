import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Html } from './html';
import { PAGE_STYLE } from './pages';

/** What a page handler decided; {@link sendAnswer} puts it on the wire. */
export type Answer =
  | { readonly kind: 'page'; readonly status: number; readonly html: Html; readonly setCookie?: string }
  | { readonly kind: 'redirect'; readonly to: string };

const STYLE_HASH = createHash('sha256').update(PAGE_STYLE).digest('base64');

/** No `form-action`: browsers apply it to the redirects after a form too, and those lead to any client's address. */
const SAFE_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'`,
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  // The address holds the challenge.
  'Referrer-Policy': 'no-referrer',
} as const;

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  // An unread body would be taken for the next request.
  const close = request.complete ? {} : { Connection: 'close' };
  if (answer.kind === 'redirect') {
    // After a form 303: the browser must not post it on.
    const status = request.method === 'POST' ? 303 : 302;
    response.writeHead(status, { ...SAFE_HEADERS, ...close, Location: answer.to, 'Content-Length': 0 });
    response.end();
    return;
  }
  const bytes = Buffer.from(answer.html.text);
  response.writeHead(answer.status, {
    ...SAFE_HEADERS,
    ...close,
    ...(answer.setCookie === undefined ? {} : { 'Set-Cookie': answer.setCookie }),
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': bytes.length,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
