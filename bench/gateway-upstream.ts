import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';

/** The trivial side of the gateway benchmark: reads the body, answers a kilobyte of JSON. One process, no cluster. */
const BODY = JSON.stringify({ access_token: 'x'.repeat(900), token_type: 'bearer', expires_in: 3_600 });
const KEEP_ALIVE_MS = 60_000;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, [
      ...[
        'Content-Type',
        'application/json',
        'Cache-Control',
        'no-store',
        'Set-Cookie',
        'session=abc; Path=/; HttpOnly',
      ],
      ...['Content-Length', String(BODY.length)],
    ]);
    response.end(BODY);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
