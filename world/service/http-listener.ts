import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { z } from 'zod';
import { sendJson } from '../../gateway/target';
import { type Logger } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';

/** Challenges of Hydra 2.x are over 1 kB in the request line, and browsers bring cookies of other applications on the host. */
const HEADER_LIMIT_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 20_000;
/** Longer than clients keep idle connections, so that the client closes first and no request meets a closing socket. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const CLOSE_GRACE_MS = 5_000;
const CLOSE_POLL_MS = 25;

/** Where a service listens. Port 0 takes a free one; the ready file names it. */
export const listenAddress = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0),
});
export type ListenAddress = z.infer<typeof listenAddress>;

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpListener {
  readonly url: string;
  /** Takes no new requests, lets those under way finish for a few seconds, then cuts. */
  close: () => Promise<void>;
}

/**
 * Serves `handler`; what it throws is logged and answered with 500.
 * @throws CutoverFault PORT_TAKEN
 */
export async function listen(address: ListenAddress, handler: HttpHandler, logger: Logger): Promise<HttpListener> {
  const server = createServer({ maxHeaderSize: HEADER_LIMIT_BYTES }, (request, response) => {
    if (!server.listening) response.setHeader('Connection', 'close');
    handler(request, response).catch((error: unknown) => {
      // A client that left in the middle is no defect of ours.
      if (!request.destroyed || request.complete) logger.error({ err: error }, 'request failed');
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { code: 'INTERNAL', message: 'a defect in this program; its log has the cause' });
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  await bind(server, address);
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return { url: `http://${host}:${port}`, close: () => closeServer(server) };
}

function bind(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        new CutoverFault(
          'PORT_TAKEN',
          `port ${address.port} on ${address.host} is in use by another process; end it or configure another port (0 takes a free one)`,
          { port: address.port },
          error,
        ),
      );
    });
    server.listen(address.port, address.host, resolve);
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection whose request ends during the close would stay open for the keep-alive time.
  const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_POLL_MS);
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
