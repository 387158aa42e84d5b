import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type HydraSide } from '../../../../world/service/hydra-admin';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A string is sent as it is. */
  readonly body?: unknown;
  /** The answer breaks off after the headers. */
  readonly cut?: boolean;
  /** No answer at all. */
  readonly hang?: boolean;
}

export interface FakeHydra {
  readonly side: HydraSide;
  readonly received: Received[];
  close: () => Promise<void>;
}

/** An HTTP server on loopback that answers as told, to be everything that a real Hydra is not. */
export async function fakeHydra(answer: (request: Received) => Reply, apiGeneration: 1 | 2 = 1): Promise<FakeHydra> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://fake');
      const { headers, method = '' } = request;
      const got = { method, path: url.pathname, query: url.searchParams, headers, body };
      received.push(got);
      const reply = answer(got);
      if (reply.hang === true) return;
      const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
      const length = reply.cut === true ? { 'Content-Length': String(text.length + 10) } : {};
      response.writeHead(reply.status ?? 200, { 'Content-Type': 'application/json', ...length, ...reply.headers });
      if (reply.cut === true) response.write(text, () => response.destroy());
      else response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    side: { adminUrl: `http://127.0.0.1:${port}`, apiGeneration },
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
