import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { CutoverFault } from '../../../domain/faults';

const GRACE_MS = 2_000;

/** An HTTP server on 127.0.0.1. @throws CutoverFault PORT_TAKEN */
export async function listenOnLoopback(
  port: number,
  purpose: string,
  listener: RequestListener,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new CutoverFault(
      'PORT_TAKEN',
      `port ${port} on 127.0.0.1, asked for as ${purpose}, is in use by another process; choose another port (0 takes a free one)`,
      { port, purpose },
      error,
    );
  });
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${bound}`, close: () => close(server) };
}

/** Requests in flight get a moment to be answered. */
async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(timer);
}
