import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { CutoverFault } from '../../domain/faults';

/**
 * Below what systems give out for port 0 and for outgoing connections (Linux from 32768, others from 49152): there nobody takes a
 * port by chance that was set aside, or that belongs to a server which is being started again.
 */
const RANGE = { first: 11_000, end: 32_000 } as const;
const TRIES = 100;

/**
 * @returns a TCP port on 127.0.0.1 that was free a moment ago. Another process may take it before the caller does: only for
 * programs that cannot listen on port 0 and tell.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = await listenOnce(randomInt(RANGE.first, RANGE.end)).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return listenOnce(0);
}

/** @throws CutoverFault PORT_TAKEN when something listens on `port` at 127.0.0.1 */
export async function assertPortFree(port: number, purpose: string): Promise<void> {
  try {
    await listenOnce(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new CutoverFault(
      'PORT_TAKEN',
      `port ${port} on 127.0.0.1, asked for as ${purpose}, is in use by another process; end that process or choose another port (0 takes a free one)`,
      { port, purpose },
    );
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close((error) => (error ? reject(error) : resolve(bound)));
    });
  });
}
