import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startTestGateway } from '../unit/gateway/support/test-gateway';
import { targetRoutes } from '../../gateway/target';
import { createTargetStore } from '../../world/service/target-store';
import { targetContract } from './target.contract';

const TOKEN = 'contract-token-of-a-test';

targetContract('the file store behind the routes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'target-'));
  const start = async (): Promise<Server> => {
    const store = await createTargetStore({
      file: join(folder, 'deep', 'target.json'),
      initial: { name: 'first' },
      parseState: (value) => z.strictObject({ name: z.string() }).parse(value),
    });
    const routes = targetRoutes(store, { token: TOKEN });
    const server = createServer((request, response) => {
      void routes(request, response).then((taken) => {
        if (!taken) response.writeHead(404).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };
  const stop = (server: Server) =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  let server = await start();
  return {
    get controlUrl() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    token: TOKEN,
    states: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    invalidState: { name: 1 },
    restart: async () => {
      await stop(server);
      server = await start();
    },
    close: async () => {
      await stop(server);
      await rm(folder, { recursive: true });
    },
  };
});

targetContract('the gateway', async () => {
  const weights = (blue: number, green: number) => ({ mode: 'pass', weights: { blue, green } });
  let gateway = await startTestGateway();
  return {
    get controlUrl() {
      return gateway.controlUrl;
    },
    token: gateway.token,
    states: [weights(0, 1), weights(1, 1), weights(2, 1)],
    invalidState: weights(0, 0),
    restart: async () => {
      gateway = await gateway.restart();
    },
    close: () => gateway.close(),
  };
});
