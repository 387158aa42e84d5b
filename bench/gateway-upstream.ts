import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';

/** The trivial side of the gateway benchmark: reads the body, answers a kilobyte of JSON. One process, no cluster. */
const BODY = JSON.stringify({ active: true, access_token: 'x'.repeat(900), token_type: 'bearer', expires_in: 3_600 });
const KEEP_ALIVE_MS = 60_000;

const answer: RequestListener = (request, response) => {
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
};
const [certFile = '', keyFile = ''] = process.argv.slice(2);
const settings = { keepAliveTimeout: KEEP_ALIVE_MS };
const plain = createServer(settings, answer);
const secure = createTlsServer({ ...settings, cert: readFileSync(certFile), key: readFileSync(keyFile) }, answer);
plain.listen(0, '127.0.0.1', () => {
  secure.listen(0, '127.0.0.1', () => {
    const [port, tlsPort] = [plain, secure].map((server) => (server.address() as AddressInfo).port);
    process.send?.({ port, tlsPort });
  });
});
process.on('disconnect', () => process.exit(0));
