import { type Server } from 'node:http';
import { CutoverFault } from '../../domain/faults';

const CLOSE_POLL_MS = 25;
const BACKLOG = 4_096;

interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * @returns the URL under which `server` answers; with port 0 the one that was taken
 * @throws CutoverFault PORT_TAKEN | CONFIG_INVALID
 */
export function listen(server: Server, address: Address, setting: string, scheme: 'http' | 'https'): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFault(error, address, setting)));
    server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      resolve(`${scheme}://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`);
    });
  });
}

function listenFault(error: NodeJS.ErrnoException, { host, port }: Address, setting: string): CutoverFault {
  if (error.code === 'EADDRINUSE') {
    return new CutoverFault(
      'PORT_TAKEN',
      `port ${port} on ${host} (${setting}) is in use by another process; end that process or choose another port`,
      { host, port },
      error,
    );
  }
  return new CutoverFault(
    'CONFIG_INVALID',
    `${setting}: cannot listen on ${host}:${port}: ${error.message}`,
    { host, port },
    error,
  );
}

/** Stops accepting and waits for the connections that are in use; after `timeoutMs` the rest is cut. */
export async function closeServers(servers: readonly Server[], timeoutMs: number): Promise<void> {
  const closed = servers.map(
    (server) =>
      new Promise<void>((resolve) => {
        if (server.listening) server.close(() => resolve());
        else resolve();
      }),
  );
  // Connections that wait for their next request count as open: they are closed as they become idle.
  const sweeper = setInterval(() => servers.forEach((server) => server.closeIdleConnections()), CLOSE_POLL_MS);
  const deadline = setTimeout(() => servers.forEach((server) => server.closeAllConnections()), timeoutMs);
  await Promise.all(closed);
  clearInterval(sweeper);
  clearTimeout(deadline);
}
