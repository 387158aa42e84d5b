import { createServer } from 'node:http';
import { CutoverFault } from '../../domain/faults';

export interface BackChannel {
  /** Where Hydra reaches the worker. */
  readonly url: string;
  /** What the worker listens on. */
  readonly host: string;
  readonly port: number;
}

export interface LogoutListener {
  /** The logout token of the first call. @returns undefined when none came in time */
  token(timeoutMs: number): Promise<string | undefined>;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Takes the one call by which Hydra tells a client that its user logged out.
 *
 * @throws CutoverFault PORT_TAKEN | CONFIG_INVALID (an address that is not this machine's)
 * Source: OpenID Connect Back-Channel Logout 1.0, 2.5: a POST with the form field `logout_token`, answered 200.
 */
export async function listenForLogout({ url, host, port }: BackChannel): Promise<LogoutListener> {
  const { pathname } = new URL(url);
  let took: (token: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => (took = resolve));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const token = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('logout_token');
      const isIt = request.method === 'POST' && request.url === pathname && token !== null;
      response.writeHead(isIt ? 200 : 404, { connection: 'close', 'cache-control': 'no-store' });
      response.end();
      if (isIt) took(token);
    });
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'CONFIG_INVALID';
      const message = `canary.backChannel: cannot listen on ${host}:${port}: ${error.message}`;
      reject(new CutoverFault(code, message, { host, port }, error));
    });
    server.listen(port, host, resolve);
  });
  return {
    token: async (timeoutMs) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), timeoutMs);
      });
      try {
        return await Promise.race([first, late]);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
