import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type GatewayController } from '../core/gateway-controller';
import { sendJson } from '../target/json-http';
import { type GatewayMetrics } from './metrics';
import { type TlsMaterial } from './tls-files';

const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

export interface StatusDeps {
  readonly controller: GatewayController;
  readonly metrics: GatewayMetrics;
}

/**
 * Health and metrics: nothing secret is in them, and nothing can be changed by them.
 * @returns what answers `key` (method and path), or undefined when it is none of them
 */
export function statusRoute({ controller, metrics }: StatusDeps, key: string) {
  switch (key) {
    case 'GET /health/alive':
      return (response: ServerResponse) => sendJson(response, 200, { status: 'ok' });
    case 'GET /health/ready':
      return (response: ServerResponse) => {
        const ready = controller.mode !== 'in_doubt';
        sendJson(response, ready ? 200 : 503, { status: ready ? 'ok' : 'in_doubt', mode: controller.mode });
      };
    case 'GET /metrics':
      return async (response: ServerResponse) => {
        const text = await metrics.text();
        response.writeHead(200, { 'Content-Type': metrics.contentType });
        response.end(text);
      };
    default:
      return undefined;
  }
}

/** A listener for probes, load balancers and Prometheus, who need no token and no way to the control calls. */
export function createStatusServer(deps: StatusDeps, tls?: TlsMaterial): Server {
  return createInternalServer((request, response) => {
    const key = routeKey(request);
    const route = statusRoute(deps, key);
    if (route === undefined) sendJson(response, 404, { code: 'NOT_FOUND', message: `no such route: ${key}` });
    else Promise.resolve(route(response)).catch(() => response.destroy());
  }, tls);
}

/** Method and path, without the query. */
export function routeKey({ method, url }: { method?: string | undefined; url?: string | undefined }): string {
  return `${method} ${(url ?? '').split('?', 1)[0]}`;
}

/** For callers of our own, whose requests are small: limits of seconds, TLS where there is a certificate. */
export function createInternalServer(listener: RequestListener, tls?: TlsMaterial): Server {
  const limits = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  if (tls === undefined) return createServer(limits, listener);
  const secure = { minVersion: 'TLSv1.2', handshakeTimeout: HEADERS_TIMEOUT_MS } as const;
  return createHttpsServer({ ...limits, ...tls, ...secure }, listener);
}
