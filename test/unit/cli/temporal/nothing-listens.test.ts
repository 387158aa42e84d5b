import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { nothingListens } from '../../../../cli/temporal/nothing-listens';

/** @returns what `work` says while something listens there, and the address after nobody does any more */
async function listening<T>(work: (address: string) => Promise<T>): Promise<{ said: T; address: string }> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return { said: await work(address), address };
  } finally {
    server.close();
    await once(server, 'close');
  }
}

describe('nothingListens', () => {
  it('is true only of an address that refuses each connection', async () => {
    const { said, address } = await listening((there) => nothingListens(there, {}));
    expect(said).toBe(false);
    expect(await nothingListens(address, {})).toBe(true);
    expect(await nothingListens(address.replace('127.0.0.1', 'localhost'), {})).toBe(true);
  });

  it.each(['nonsense', '[::1', ''])('leaves %p to gRPC', async (unknown) => {
    expect(await nothingListens(unknown, {})).toBe(false);
  });

  it('says nothing where a proxy is between, which may reach more than this machine', async () => {
    const { address } = await listening(() => Promise.resolve());
    expect(await nothingListens(address, { https_proxy: 'http://proxy.test:3128' })).toBe(false);
  });
});
