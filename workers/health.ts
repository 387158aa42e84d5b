import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { CutoverFault } from '../domain/faults';

export interface HealthListener {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * `GET /metrics`: in Prometheus' text format. `GET /health/alive`: 200 as long as the process answers. `GET /health/ready`: 200 while `isReady`, else 503. Nothing else, and
 * nothing secret.
 *
 * @throws CutoverFault PORT_TAKEN | CONFIG_INVALID (an address that is not this machine's)
 */
export async function listenForHealth(
  { host, port }: { readonly host: string; readonly port: number },
  isReady: () => boolean,
  metrics: () => Promise<string>,
): Promise<HealthListener> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end(JSON.stringify(body));
    };
    const path = (request.url ?? '').split('?', 1)[0];
    if (path === '/metrics') {
      metrics().then(
        (text) => {
          response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', Connection: 'close' });
          response.end(text);
        },
        () => answer(503, { status: 'no metrics' }),
      );
    } else if (path === '/health/alive') answer(200, { status: 'ok' });
    else if (path !== '/health/ready') answer(404, { status: 'no such path' });
    else if (isReady()) answer(200, { status: 'ok' });
    else answer(503, { status: 'not polling' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'CONFIG_INVALID';
      const message = `worker.health: cannot listen on ${host}:${port}: ${error.message}`;
      reject(new CutoverFault(code, message, { host, port }, error));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
