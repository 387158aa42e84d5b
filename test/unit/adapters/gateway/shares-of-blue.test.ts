import { HttpGateway } from '../../../../adapters/gateway/http-gateway';
import { serveHttp, type TestServer } from '../../../support/http-server';

let answer: { readonly status: number; readonly body: unknown };
let server: TestServer;
let gateway: HttpGateway;
beforeAll(async () => {
  server = await serveHttp((_request, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  const token = () => 'a token of sixteen bytes and more';
  gateway = new HttpGateway({ name: 'gateway-1', controlUrl: server.url, token });
});
afterAll(async () => {
  await gateway.close();
  await server.close();
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
