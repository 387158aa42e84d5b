import { readFileSync } from 'node:fs';
import { Agent, createServer, request as requestTo, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';

/** The least that a proxy of Node's own server and client can do: no log, no limit, nothing is looked at. */
const [upstream = '', certFile = '', keyFile = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const forward: RequestListener = (request, response) => {
  const { method, url, headers } = request;
  const call = requestTo({ agent, host: '127.0.0.1', port: Number(upstream), method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  call.on('error', () => response.destroy());
  request.pipe(call);
};
const plain = createServer(forward);
const secure = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, forward);
plain.listen(0, '127.0.0.1', () => {
  secure.listen(0, '127.0.0.1', () => {
    const [port, tlsPort] = [plain, secure].map((server) => (server.address() as AddressInfo).port);
    process.send?.({ port, tlsPort });
  });
});
process.on('disconnect', () => process.exit(0));
