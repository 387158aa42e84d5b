import { useParts } from '../support/fixture';
import { RawClient, rawExchange } from '../support/sockets';

/** More than the gateway reads ahead. */
const LARGE = 'a'.repeat(300 * 1024);
const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const head = (more: string) => `POST /oauth2/token HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

describe('clients that stall', () => {
  const parts = useParts();

  async function setUp(config: Readonly<Record<string, object>> = {}) {
    const blue = await parts.upstream((request, response) => {
      request.resume().on('end', () => response.end('served'));
    });
    return { blue, gateway: await parts.gateway({ blue: blue.url, config }) };
  }

  it('by the hundreds keep nobody from being served: no connection of a side is theirs', async () => {
    const { blue, gateway } = await setUp({ upstream: { maxConnections: 4 } });
    const kinds = [
      head('Content-Length: 100\r\n'),
      `${head('Content-Length: 100\r\n')}half`,
      head('Content-Length: 100\r\nExpect: 100-continue\r\n'),
      `${head('Transfer-Encoding: chunked\r\n')}3\r\nabc\r\n`,
      head('Content-Length: 100\r\n').replace('/oauth2/token', '/oauth2/introspect'),
    ];
    const stalled: RawClient[] = [];
    for (let index = 0; index < 600; index += 1) {
      stalled.push((await RawClient.connect(gateway.publicPort)).send(kinds[index % kinds.length] ?? ''));
    }
    await gateway.until({ receiving: 600, inFlight: 0 });
    for (let index = 0; index < 20; index += 1) expect(await rawExchange(gateway.publicPort, GET)).toContain('served');
    expect(stalled.filter(({ isClosed }) => isClosed)).toEqual([]);
    expect(blue.seen.map(({ method }) => method)).toEqual(Array(20).fill('GET'));
    for (const client of stalled) client.destroy();
    await gateway.until({ receiving: 0 });
    const metrics = await (await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
    expect(metrics).toMatch(/^gateway_body_bytes 0$/m);
  });

  it.each([
    ['nothing', ''],
    ['a byte now and then', 'drip'],
  ])('send %s of a body: 408 after the body timeout, and the side has seen nothing', async (_name, kind) => {
    const { blue, gateway } = await setUp({ limits: { bodyTimeoutMs: 300 } });
    const client = await RawClient.connect(gateway.publicPort);
    client.send(head('Content-Length: 1000\r\n'));
    const drip = setInterval(() => kind === 'drip' && client.socket.writable && client.send('z'), 50);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 408 [^]*Connection: close/);
    clearInterval(drip);
    expect(blue.seen).toEqual([]);
    await gateway.until({ receiving: 0, inFlight: 0 });
  });

  it('in the middle of a large body: 408 after the body timeout, and the side is not to blame', async () => {
    const { blue, gateway } = await setUp({ limits: { bodyTimeoutMs: 300 } });
    const client = await RawClient.connect(gateway.publicPort);
    client.send(head('Content-Length: 1000000\r\n') + LARGE);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 408 /);
    expect(blue.seen).toHaveLength(1);
    await gateway.until({ receiving: 0, inFlight: 0 });
  });

  it('never long enough to be given up, with a large body: 408 after the time for a whole request', async () => {
    const { gateway } = await setUp({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
    const client = await RawClient.connect(gateway.publicPort);
    client.send(head('Content-Length: 100000000\r\n') + LARGE);
    const drip = setInterval(() => client.socket.writable && client.send('z'), 50);
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
    await gateway.until({ inFlight: 0 });
  });

  it('between two requests are cut after the time for which an idle connection is kept', async () => {
    const { gateway } = await setUp({ limits: { keepAliveTimeoutMs: 200 } });
    const client = await RawClient.connect(gateway.publicPort);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 200 [^]*served/);
  });

  it('with large bodies get no more than their share of connections', async () => {
    const { gateway } = await setUp({ upstream: { maxConnections: 4 } });
    const stalled: RawClient[] = [];
    for (let index = 1; index <= 2; index += 1) {
      stalled.push((await RawClient.connect(gateway.publicPort)).send(head('Content-Length: 1000000\r\n') + LARGE));
      await gateway.until({ inFlight: index });
    }
    const third = await RawClient.connect(gateway.publicPort);
    third.send(head('Content-Length: 1000000\r\n') + LARGE);
    expect(await third.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After/);
    expect(await rawExchange(gateway.publicPort, GET)).toContain('served');
    for (const client of [...stalled, third]) client.destroy();
    await gateway.until({ inFlight: 0 });
  });

  it('with much in memory give way, the oldest first, to those who send what they announced', async () => {
    const { blue, gateway } = await setUp({ limits: { bodyBytes: 1_048_576 } });
    const stalled: RawClient[] = [];
    for (let index = 0; index < 5; index += 1) {
      const client = await RawClient.connect(gateway.publicPort);
      stalled.push(client.send(`${head('Content-Length: 250000\r\n')}${'x'.repeat(200_000)}`));
      await eventuallyBytes(gateway.controlUrl, 200_000 * (index + 1));
    }
    const body = 'y'.repeat(200_000);
    const served = `${head(`Content-Length: ${body.length}\r\nConnection: close\r\n`)}${body}`;
    expect(await rawExchange(gateway.publicPort, served)).toContain('served');
    expect(await stalled[0]?.closed()).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After/);
    expect(stalled.slice(1).filter(({ isClosed }) => isClosed)).toEqual([]);
    expect(blue.seen).toHaveLength(1);
    for (const client of stalled) client.destroy();
  });

  it('in the middle of a TLS handshake are cut after its timeout', async () => {
    const { generate } = await import('selfsigned');
    const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
    const tls = await parts.files({ 'cert.pem': cert, 'key.pem': key });
    const { gateway } = await setUp({
      listeners: {
        public: { port: 0, tls: { certFile: `${tls}/cert.pem`, keyFile: `${tls}/key.pem` } },
        admin: { port: 0 },
        control: { port: 0 },
      },
      limits: { handshakeTimeoutMs: 200 },
    });
    const silent = await RawClient.connect(gateway.publicPort);
    const half = await RawClient.connect(gateway.publicPort);
    half.send(Buffer.from('16030102000100', 'hex'));
    expect(await silent.closed()).toBe('');
    await half.closed();
  });
});

async function eventuallyBytes(controlUrl: string, bytes: number): Promise<void> {
  const shown = async () =>
    /^gateway_body_bytes (\d+)$/m.exec(
      await (await fetch(`${controlUrl}/metrics`, { headers: { Connection: 'close' } })).text(),
    )?.[1];
  while ((await shown()) !== String(bytes)) await new Promise((resolve) => setTimeout(resolve, 5));
}
