import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type Socket } from 'node:net';
import { type TLSSocket } from 'node:tls';
import { readRequestHead } from '../core/request-head';
import { rawAnswer } from './answer';
import { type GatewayConfig } from './config-schema';
import { Exchange, refuseHead, type ExchangeDeps } from './exchange';
import { HalfClosed } from './half-closed';
import { InOrder } from './in-order';
import { requestIds } from './request-id';
import { ReplayedSocket, withEncodedTarget } from './raw-target';
import { type TlsMaterial } from './tls-files';
import { plainAddress } from './trusted-proxies';

/** How often connections are looked at for the timeouts of heads and bodies. */
const CONNECTIONS_CHECK_MS = 1_000;

/** A listener that forwards: node's strict HTTP/1.1 parser in front, an {@link Exchange} for each request. */
export function createForwardingServer(deps: ExchangeDeps, limits: GatewayConfig['limits'], tls?: TlsMaterial): Server {
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    insecureHTTPParser: false,
  };
  const server = tls
    ? createHttpsServer({
        ...options,
        ...tls,
        allowHalfOpen: true, // as every server without TLS is
        handshakeTimeout: limits.handshakeTimeoutMs,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
      })
    : createHttpServer(options);
  server.maxHeadersCount = 0; // the default drops what is over it; `readRequestHead` refuses instead
  server.maxConnections = limits.connections;
  // Else node closes its half when a client closes the other one, and no answer can be sent any more. No type has it, and no page.
  Object.assign(server, { httpAllowHalfOpen: true });
  const halfClosed = new HalfClosed();
  const inOrder = new InOrder();
  const nextRequestId = requestIds();
  const handle = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    const head = readRequestHead({
      method: request.method ?? '',
      target: request.url ?? '',
      rawHeaders: request.rawHeaders,
      clientAddress: plainAddress(request.socket.remoteAddress),
      isTrusted: deps.isTrusted,
      requestId: nextRequestId(),
      maxHeaderCount: limits.headerCount,
      isHttp10: request.httpVersionMinor === 0,
    });
    if (request.socket instanceof ReplayedSocket) response.shouldKeepAlive = false;
    inOrder.run(request.socket, response, () => {
      if (head.ok) {
        const exchange = new Exchange(deps, request, response, head, expectsContinue);
        exchange.start();
        halfClosed.serve(request.socket, exchange);
      } else {
        inOrder.end(request.socket);
        refuseHead(response, head.status, head.message);
      }
    });
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => handle(request, response, false));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => handle(request, response, true));
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => halfClosed.watch(socket));
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    if (inOrder.endAfterLast(socket)) return;
    socket.end(rawAnswer(405, 'Method Not Allowed', 'invalid_request'));
  });
  // Before the listener of the server itself, which makes a `clientError` of it: without a handshake no answer can be sent.
  server.prependListener('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy());
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const encoded = inOrder.isBusy(socket) ? undefined : withEncodedTarget(error);
    if (encoded === undefined) {
      const isOfNext = error.code?.startsWith('HPE_') === true || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      if (!isOfNext || !inOrder.endAfterLast(socket)) answerClientError(error, socket);
      return;
    }
    deps.onEncodedTarget();
    server.emit(tls ? 'secureConnection' : 'connection', new ReplayedSocket(socket, encoded));
  });
  return server;
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Content Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // In the middle of an answer another one would be taken for its rest.
  if (!socket.writable || socket.bytesWritten > 0 || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] = CLIENT_ERRORS[error.code ?? ''] ?? [400, 'Bad Request'];
  socket.end(rawAnswer(status, reason, 'invalid_request'), () => lingerThenDestroy(socket));
}

/** A client that is still sending would get a reset and might never read the answer: its bytes are read for a moment. */
function lingerThenDestroy(socket: Socket): void {
  socket.on('error', () => undefined);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.removeAllListeners('data');
  socket.resume();
}

const LINGER_MS = 1_000;
