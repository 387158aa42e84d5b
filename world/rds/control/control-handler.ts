import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { readBody } from '../protocol/read-body';
import { type FaultBoard } from './fault-board';
import { parseFaultPlan } from './fault-plan';

const BODY_BYTES_MAX = 64 * 1024;

/** `GET /faults` and `PUT /faults` with a bearer token; JSON. PUT replaces the whole plan. */
export function controlHandler(board: FaultBoard, token: string) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const body = await readBody(request, BODY_BYTES_MAX);
    if (!hasToken(request, token)) return answer(401, { code: 'UNAUTHORIZED', message: 'a bearer token is needed' });
    if (request.url !== '/faults') return answer(404, { code: 'NOT_FOUND', message: 'known: GET and PUT /faults' });
    if (request.method === 'GET') return answer(200, board.plan);
    if (request.method !== 'PUT') return answer(405, { code: 'METHOD_NOT_ALLOWED', message: 'known: GET and PUT' });
    const input = parseJson(body);
    if (input === undefined) return answer(400, { code: 'MALFORMED', message: 'the body is not JSON, or too large' });
    const result = parseFaultPlan(input.value);
    if ('problem' in result) return answer(422, { code: 'INVALID_PLAN', message: result.problem });
    board.replace(result.plan);
    return answer(200, board.plan);
  };
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`));
}

function parseJson(body: Buffer | undefined): { readonly value: unknown } | undefined {
  if (body === undefined) return undefined;
  try {
    return { value: JSON.parse(body.toString('utf8')) as unknown };
  } catch {
    return undefined;
  }
}
