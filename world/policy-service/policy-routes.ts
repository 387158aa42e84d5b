import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Logger } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { sendJson } from '../../gateway/target';
import { type HttpHandler } from '../service/http-listener';
import { pathOf } from '../service/control-listener';
import { readBody } from '../service/read-body';
import { type PolicyStore } from './policy-store';

const DOCUMENT_LIMIT_BYTES = 16 * 1024;
const NAME_LIMIT = 512;
const RETRY_AFTER_SECONDS = 1;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * `GET /check?subject=&client=`: 200 `{ allowed: true }`, 403 `{ allowed: false }` without a policy.
 * `PUT /policies/<subject>/<client>` with a JSON object or nothing: 200. `GET /health/alive`: 200.
 * 503 while the database does not answer.
 */
export function policyRoutes(store: PolicyStore, logger: Logger): HttpHandler {
  return async (request, response) => {
    const url = URL.canParse(request.url ?? '', 'http://service')
      ? new URL(request.url ?? '', 'http://service')
      : undefined;
    if (url === undefined) return send(request, response, refusal(400, 'MALFORMED', 'the address is not understood'));
    if (url.pathname === '/health/alive') return sendJson(response, 200, { status: 'ok' });
    try {
      send(request, response, await answer(store, request, url));
    } catch (error) {
      const fault = asCutoverFault(error);
      if (fault.code === 'INTERNAL') throw error;
      logger.warn({ code: fault.code, err: fault }, 'request failed');
      const headers = { 'Retry-After': String(RETRY_AFTER_SECONDS) };
      sendJson(response, 503, { code: fault.code, message: 'the policies cannot be read now; try again' }, headers);
    }
  };
}

async function answer(store: PolicyStore, request: IncomingMessage, url: URL): Promise<Answer> {
  if (url.pathname === '/check') {
    if (request.method !== 'GET') return refusal(405, 'METHOD_NOT_ALLOWED', '/check takes GET');
    const subject = url.searchParams.get('subject') ?? '';
    const client = url.searchParams.get('client') ?? '';
    if (!isName(subject) || !isName(client)) return badName();
    const allowed = await store.has(subject, client);
    return { status: allowed ? 200 : 403, body: { allowed } };
  }
  // Not the parsed address: it resolves dots, and `..` is a possible name.
  const names = /^\/policies\/([^/]+)\/([^/]+)$/.exec(pathOf(request));
  if (names === null) return refusal(404, 'NOT_FOUND', 'no such route');
  if (request.method !== 'PUT') return refusal(405, 'METHOD_NOT_ALLOWED', 'a policy is set with PUT');
  const subject = decode(names[1] ?? '');
  const client = decode(names[2] ?? '');
  if (!isName(subject) || !isName(client)) return badName();
  const body = await readBody(request, DOCUMENT_LIMIT_BYTES);
  if (body === undefined) return refusal(413, 'TOO_LARGE', `a policy has at most ${DOCUMENT_LIMIT_BYTES} bytes`);
  const document = parseDocument(body.toString('utf8'));
  if (document === undefined) return refusal(400, 'MALFORMED', 'the body must be a JSON object, or empty');
  await store.put(subject, client, document);
  return { status: 200, body: { stored: true } };
}

function parseDocument(text: string): object | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    // PostgreSQL's jsonb has no NUL.
    const usable = typeof value === 'object' && value !== null && !Array.isArray(value) && !text.includes('\\u0000');
    return usable ? value : undefined;
  } catch {
    return undefined;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function isName(name: string): boolean {
  return name !== '' && name.length <= NAME_LIMIT && !/[\p{Cc}\p{Cs}]/u.test(name);
}

function badName(): Answer {
  return refusal(
    400,
    'MALFORMED',
    `subject and client are needed, 1 to ${NAME_LIMIT} characters without control characters`,
  );
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } };
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  sendJson(response, status, body, request.complete ? {} : { Connection: 'close' });
}
