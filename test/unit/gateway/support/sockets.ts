import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import {
  connect,
  createServer as createNetServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net';

export interface TestServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface TestUpstream extends TestServer {
  /** Every request but health checks, as it arrived. */
  readonly seen: SeenRequest[];
  readonly server: Server;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

/** A side whose `/health/ready` says 200 unless `handler` takes it. */
export async function startUpstream(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  options: { readonly ready?: () => boolean } = {},
): Promise<TestUpstream> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    if (request.url === '/health/ready') {
      response.writeHead(options.ready?.() === false ? 503 : 200).end();
      return;
    }
    seen.push({ method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders });
    handler(request, response);
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await listening(server);
  return {
    seen,
    server,
    ...addressOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A side that does with each connection what it likes. Health checks get what it sends, too. */
export async function startRawUpstream(onConnection: (socket: Socket) => void): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await listening(server);
  return {
    ...addressOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A client that writes bytes. */
export class RawClient {
  private text = '';
  private ended = false;
  private readonly waiters = new Set<() => void>();

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.text += chunk;
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawClient(socket);
  }

  get received(): string {
    return this.text;
  }

  get isClosed(): boolean {
    return this.ended;
  }

  send(text: string | Buffer): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** @returns everything received once it contains `part`; rejects when the connection ends without it */
  async until(part: string): Promise<string> {
    await this.wait(() => this.text.includes(part) || this.ended);
    if (!this.text.includes(part)) throw new Error(`connection ended after ${JSON.stringify(this.text)}`);
    return this.text;
  }

  async closed(): Promise<string> {
    await this.wait(() => this.ended);
    return this.text;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private async wait(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.waiters.add(resolve));
  }

  private wake(): void {
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }
}

/** Sends bytes and returns all that comes back until the other end closes. */
export async function rawExchange(port: number, bytes: string | Buffer): Promise<string> {
  const client = await RawClient.connect(port);
  return client.send(bytes).closed();
}

/** Resolves once `isTrue`. */
export async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function listening(server: NetServer): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

function addressOf(server: NetServer): { url: string; port: number } {
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port };
}
