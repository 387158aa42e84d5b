import { type ServerResponse } from 'node:http';
import { type Logger } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { sendJson } from '../../gateway/target';
import { pathOf } from '../service/control-listener';
import { type HttpHandler } from '../service/http-listener';
import { type Introspector } from './introspector';

const REALM = 'resource-api';
/** JWT access tokens with many claims fit; anything longer is not looked up. */
const TOKEN_LIMIT = 16_384;
const RETRY_AFTER_SECONDS = 1;

/**
 * `GET /resource` with a bearer token (RFC 6750): 200 `{ subject, clientId, scope }`; 401 with WWW-Authenticate; 400 for a
 * malformed header; 503 when Hydra did not say clearly. `GET /health/alive`: 200.
 */
export function resourceRoutes(introspector: Introspector, logger: Logger): HttpHandler {
  return async (request, response) => {
    const path = pathOf(request);
    if (path === '/health/alive') return sendJson(response, 200, { status: 'ok' });
    if (path !== '/resource') return sendJson(response, 404, { code: 'NOT_FOUND', message: 'no such resource' });
    if (request.method !== 'GET') {
      const headers = { Allow: 'GET', Connection: 'close' };
      return sendJson(response, 405, { code: 'METHOD_NOT_ALLOWED', message: 'this resource is only read' }, headers);
    }
    const { authorization } = request.headers;
    if (authorization === undefined || !/^bearer\b/i.test(authorization)) return challenge(response, 401);
    const token = /^bearer +([\w\-.~+/]+=*) *$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > TOKEN_LIMIT) return challenge(response, 400, 'invalid_request');
    await answerFor(token, introspector, response, logger);
  };
}

async function answerFor(
  token: string,
  introspector: Introspector,
  response: ServerResponse,
  logger: Logger,
): Promise<void> {
  try {
    const info = await introspector.introspect(token);
    if (info === undefined) return challenge(response, 401, 'invalid_token');
    sendJson(response, 200, info);
  } catch (error) {
    const fault = asCutoverFault(error);
    if (fault.code === 'INTERNAL') throw error;
    logger.warn({ code: fault.code, err: fault }, 'introspection failed');
    const body = { code: fault.code, message: 'the token could not be checked now; try again' };
    sendJson(response, 503, body, { 'Retry-After': String(RETRY_AFTER_SECONDS) });
  }
}

function challenge(response: ServerResponse, status: 400 | 401, error?: 'invalid_token' | 'invalid_request'): void {
  const parameters = error === undefined ? '' : `, error="${error}"`;
  sendJson(
    response,
    status,
    { code: (error ?? 'missing_token').toUpperCase(), message: 'a valid access token is needed' },
    { 'WWW-Authenticate': `Bearer realm="${REALM}"${parameters}` },
  );
}
