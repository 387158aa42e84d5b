import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { HttpGateway } from '../../../../adapters/gateway/http-gateway';

let answer: { readonly status: number; readonly body: unknown };
let server: Server;
let gateway: HttpGateway;
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const controlUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  gateway = new HttpGateway({ name: 'gateway-1', controlUrl, token: () => 'a token of sixteen bytes and more' });
});
afterAll(async () => {
  await gateway.close();
  await new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  });
});

const BESIDE = { share: 10, ready: { older: true, newer: true }, inFlight: { older: 0, newer: 0 } };

describe('the share that a gateway says', () => {
  it('is taken from one that numbers what it is told', async () => {
    answer = { status: 200, body: { ...BESIDE, order: 3 } };
    await expect(gateway.besideShare()).resolves.toBe(10);
  });

  it('is unknown where blue is one Hydra', async () => {
    answer = { status: 404, body: {} };
    await expect(gateway.besideShare()).resolves.toBeUndefined();
  });

  it('is not taken from an older version, which would refuse every share later', async () => {
    answer = { status: 200, body: BESIDE };
    await expect(gateway.besideShare()).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('bring the gateways to the version of the worker first') as string,
    });
  });
});
