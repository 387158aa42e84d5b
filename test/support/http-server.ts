import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export type HttpAnswer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface TestServer {
  readonly server: Server;
  readonly url: string;
  close(): Promise<void>;
}

/** A server of this machine that answers as told, each request once it is there as a whole. */
export async function serveHttp(answer: HttpAnswer): Promise<TestServer> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
