import { type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { useParts } from '../support/fixture';
import { eventually, RawClient, rawExchange } from '../support/sockets';

describe('hostile clients', () => {
  const parts = useParts();

  async function setUp(config: Readonly<Record<string, object>> = {}) {
    const blue = await parts.upstream((request, response) => {
      request.resume().on('end', () => response.end('served'));
    });
    return { blue, gateway: await parts.gateway({ blue: blue.url, config }) };
  }

  describe('malformed requests', () => {
    const chunked = 'Transfer-Encoding: chunked\r\n';
    it.each<[string, string, number]>([
      ['both lengths', `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n${chunked}\r\n0\r\n\r\n`, 400],
      [
        'both lengths, the other way round',
        `POST / HTTP/1.1\r\nHost: x\r\n${chunked}Content-Length: 5\r\n\r\n0\r\n\r\n`,
        400,
      ],
      ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello', 400],
      ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nhello', 400],
      ['a signed length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello', 400],
      ['a space before the colon', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, 400],
      [
        'a coding that hides chunked',
        'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
        501,
      ],
      ['a coding of a client that knows none', `POST / HTTP/1.0\r\nHost: x\r\n${chunked}\r\n0\r\n\r\n`, 400],
      ['a bare carriage return in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n', 400],
      ['a zero byte in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n', 400],
      ['a chunk size that is none', `POST / HTTP/1.1\r\nHost: x\r\n${chunked}\r\nzz\r\n\r\n`, 400],
      ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
      ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
      ['an absolute target with a user', 'GET http://a@evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['a method with bytes above 0x7f', 'G\xc5T / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['a control character in the target', 'GET /\x01\xc5 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
      ['a target with raw bytes in a broken request', 'GET /\xc5 HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n', 400],
      ['another protocol', 'SSH-2.0-OpenSSH_9.0\r\n\r\n', 400],
      ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
      ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
      ['another expectation', 'POST / HTTP/1.1\r\nHost: x\r\nExpect: cake\r\nConnection: close\r\n\r\n', 417],
    ])('%s: refused, and the side sees nothing', async (_name, bytes, status) => {
      const { blue, gateway } = await setUp();
      const answer = await rawExchange(gateway.publicPort, Buffer.from(bytes, 'latin1'));
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(blue.seen).toEqual([]);
    });

    const whole = 'POST /first HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na';
    it.each<[string, string, number]>([
      [
        'that said it is the last',
        'GET /first HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n',
        1,
      ],
      ['with more than its length', `${whole}bcd`, 1],
      ['and a broken one', `${whole}GET / HTTP/1.1\r\nHost : x\r\n\r\n`, 1],
      ['and one with raw bytes in its target', `${whole}GET /\xc5 HTTP/1.1\r\nHost: x\r\n\r\n`, 1],
      ['and another one, and a broken one', `${whole}${whole}GET / HTTP/9.9\r\n\r\n`, 2],
      ['and CONNECT', `${whole}CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n`, 1],
      ['and one with a broken body', `${whole}POST / HTTP/1.1\r\nHost: x\r\n${chunked}\r\n1\r\nabc`, 1],
    ])(
      'what comes after a whole request %s: that one has its answer, and the connection ends',
      async (_name, bytes, count) => {
        // The first is at the side for as long as it takes to find out about the rest.
        const blue = await parts.upstream((request, response) => {
          request.resume().on('end', () => setTimeout(() => response.end('served'), 10));
        });
        const gateway = await parts.gateway({ blue: blue.url });
        const answer = await rawExchange(gateway.publicPort, Buffer.from(bytes, 'latin1'));
        expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(Array<string>(count).fill('HTTP/1.1 200'));
        expect(answer).toMatch(/Connection: close\r\n[^]*served$/);
        expect(blue.seen.map(({ url }) => url)).toEqual(Array<string>(count).fill('/first'));
      },
    );

    it('what never comes whole after a whole request is not waited for, and no answer of its own is taken for that one', async () => {
      const open: ServerResponse[] = [];
      const blue = await parts.upstream(
        (request, response) => void request.resume().on('end', () => open.push(response)),
      );
      const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200 };
      const gateway = await parts.gateway({ blue: blue.url, config: { limits } });
      const halves = ['POST / HTTP/1.1\r\nContent-Le', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na'];
      const clients = await Promise.all(
        halves.map(async (half) => (await RawClient.connect(gateway.publicPort)).send(whole + half)),
      );
      await eventually(() => open.length === 2);
      await sleep(1_500); // connections are looked at once a second
      open.forEach((response) => response.end('served'));
      const answers = await Promise.all(clients.map((client) => client.closed()));
      expect(answers).toEqual(
        Array(2).fill(expect.stringMatching(/^HTTP\/1\.1 200 [^]*Connection: close\r\n[^]*served$/)),
      );
      expect(blue.seen).toHaveLength(2);
    });

    it('what is pipelined after a request that is refused is not executed: nobody would get its answer', async () => {
      const { blue, gateway } = await setUp();
      const refused = 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n';
      const answer = await rawExchange(gateway.publicPort, `${refused}POST /after HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
      expect(blue.seen).toEqual([]);
    });

    it('more than a megabyte of headers: 431 that the client can read, and the gateway goes on', async () => {
      const { blue, gateway } = await setUp();
      const line = `X-Filler: ${'f'.repeat(8_000)}\r\n`;
      const answer = await rawExchange(gateway.publicPort, `GET / HTTP/1.1\r\nHost: x\r\n${line.repeat(140)}\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 431 [^]*"error":"invalid_request"/);
      expect(blue.seen).toEqual([]);
      expect(await (await fetch(gateway.publicUrl, { headers: { Connection: 'close' } })).text()).toBe('served');
    });

    it('too many header fields: 431, none of them silently lost', async () => {
      const { blue, gateway } = await setUp();
      const fields = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1\r\n`).join('');
      const get = (count: number) => `GET / HTTP/1.1\r\nHost: x\r\n${fields(count)}Connection: close\r\n\r\n`;
      expect(await rawExchange(gateway.publicPort, get(2_500))).toMatch(/^HTTP\/1\.1 431 /);
      expect(blue.seen).toEqual([]);
      expect(await rawExchange(gateway.publicPort, get(150))).toMatch(/^HTTP\/1\.1 200 /);
      expect(blue.seen[0]?.rawHeaders.filter((name) => name.startsWith('X-1'))).toHaveLength(61);
    });

    it('an upgrade is not made: the request is served as plain HTTP/1.1', async () => {
      const { blue, gateway } = await setUp();
      const answer = await rawExchange(
        gateway.publicPort,
        'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(blue.seen[0]?.rawHeaders.join().toLowerCase()).not.toMatch(/upgrade|http2-settings/);
    });
  });

  describe('slow and greedy clients', () => {
    it('a head that never ends is given up: 408', async () => {
      const { gateway } = await setUp({ limits: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
      const client = await RawClient.connect(gateway.publicPort);
      client.send('GET / HTTP/1.1\r\nX-Slow: ');
      const drip = setInterval(() => client.socket.writable && client.send('z'), 50);
      expect(await client.closed()).toMatch(/^HTTP\/1\.1 408 /);
      clearInterval(drip);
    });

    it('one that never reads its answer is cut after the idle timeout', async () => {
      const bytes = 64 * 1024 * 1024;
      const blue = await parts.upstream((_request, response) => response.end(Buffer.alloc(bytes)));
      const gateway = await parts.gateway({ blue: blue.url, config: { upstream: { idleTimeoutMs: 300 } } });
      const client = await RawClient.connect(gateway.publicPort);
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      // Not that it is in flight: on a slow machine it may be cut before anybody looks.
      await eventually(() => blue.seen.length === 1);
      await gateway.until({ inFlight: 0 });
      client.socket.resume();
      expect((await client.closed()).length).toBeLessThan(bytes);
    });

    it('one that never reads a small answer holds up nothing: the side has answered in full', async () => {
      const { gateway } = await setUp();
      const client = await RawClient.connect(gateway.publicPort);
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await gateway.stage(1, 'green');
      expect(await gateway.hold(1)).toMatchObject({ status: 200 });
      client.destroy();
    });

    it('one that pipelines without end is cut off', async () => {
      const blue = await parts.upstream(() => undefined);
      const gateway = await parts.gateway({ blue: blue.url });
      const answer = await rawExchange(gateway.publicPort, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
      expect(answer).toBe('');
      expect(blue.seen.length).toBeLessThanOrEqual(1);
      await gateway.until({ inFlight: 0 });
    });
  });
});
