import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Logger } from '../../config/logger';
import { bearerCheck, sendJson, type RouteHandler } from '../../gateway/target';
import { listen, type HttpListener, type ListenAddress } from './http-listener';
import { type ConfigStatus } from './live-config';

export interface ControlListenerOptions {
  readonly address: ListenAddress;
  readonly configStatus: () => ConfigStatus;
  /** Each checks the token itself or lets {@link controlRoutes} do it. */
  readonly routes: readonly RouteHandler[];
  readonly logger: Logger;
}

export type ControlOperation = (
  request: IncomingMessage,
) => Promise<{ readonly status: number; readonly body: unknown }>;

/** Serves `GET /health/alive` and `GET /health/config` to anybody on this machine, and `routes`. */
export function startControlListener(options: ControlListenerOptions): Promise<HttpListener> {
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    if (path === '/health/alive') return sendJson(response, 200, { status: 'ok' });
    if (path === '/health/config') return sendJson(response, 200, options.configStatus());
    for (const route of options.routes) if (await route(request, response)) return;
    sendJson(response, 404, { code: 'NOT_FOUND', message: 'no such control route' });
  };
  return listen(options.address, handler, options.logger);
}

/**
 * Control operations behind the bearer token.
 * @param table keys such as `GET /job`
 */
export function controlRoutes(token: string, table: Readonly<Record<string, ControlOperation>>): RouteHandler {
  const isAuthorized = bearerCheck(token);
  const methods = (path: string): string[] =>
    Object.keys(table).flatMap((key) => (key.endsWith(` ${path}`) ? [key.slice(0, key.indexOf(' '))] : []));
  return async (request, response) => {
    const path = pathOf(request);
    const allowed = methods(path);
    if (allowed.length === 0) return false;
    const operation = table[`${request.method ?? ''} ${path}`];
    if (!isAuthorized(request.headers.authorization)) {
      sendJson(response, 401, { code: 'UNAUTHORIZED', message: 'the bearer token is missing or wrong' });
    } else if (operation === undefined) {
      const allow = allowed.join(', ');
      sendJson(response, 405, { code: 'METHOD_NOT_ALLOWED', message: `${path} takes ${allow}` }, { Allow: allow });
    } else {
      const { status, body } = await operation(request);
      sendJson(response, status, body);
    }
    return true;
  };
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}
