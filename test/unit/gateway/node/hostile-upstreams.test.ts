import { useParts } from '../support/fixture';
import { eventually, RawClient, rawExchange } from '../support/sockets';

describe('hostile sides', () => {
  const parts = useParts();
  const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab';

  const answersWith = (bytes: string) =>
    parts.rawUpstream((socket) => socket.once('data', () => socket.end(bytes, 'latin1')));

  describe('a side that does not answer as it should', () => {
    it('refused: 502 with a small JSON body and no stack', async () => {
      const gateway = await parts.gateway();
      const answer = await rawExchange(gateway.publicPort, GET);
      expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\nContent-Type: application\/json\r\n/);
      const body = JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as Record<string, string>;
      expect(Object.keys(body)).toEqual(['error', 'error_description']);
      expect(answer).not.toMatch(/ECONNREFUSED|node:|127\.0\.0\.1/);
    });

    it('answers 204 with a length and a body: neither passes', async () => {
      const blue = await answersWith('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\nX-Kept: 1\r\n\r\nok');
      const gateway = await parts.gateway({ blue: blue.url });
      const answer = await rawExchange(gateway.publicPort, GET);
      expect(answer).toBe('HTTP/1.1 204 No Content\r\nX-Kept: 1\r\nConnection: close\r\n\r\n');
    });

    it.each([
      ['garbage', 'what?\r\n\r\n'],
      ['garbage as headers', 'HTTP/1.1 200 OK\r\nno colon here\r\n\r\n'],
      ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
      ['nothing', ''],
      ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
      ['a control character in the reason phrase', 'HTTP/1.1 200 O\x07K\r\nContent-Length: 0\r\n\r\n'],
      ['a header name that is none', 'HTTP/1.1 200 OK\r\nX(y): 1\r\nContent-Length: 0\r\n\r\n'],
      ['a length after a space that is none', 'HTTP/1.1 200 OK\r\nContent-Length:\xa02\r\n\r\nok'],
      ['interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000)],
      ['a megabyte of headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`],
    ])('answers with %s: 502 and the next request is served on', async (_name, bytes) => {
      const blue = await answersWith(bytes);
      const gateway = await parts.gateway({ blue: blue.url });
      for (const request of [GET, POST]) {
        const answer = await rawExchange(gateway.publicPort, request);
        expect(answer.replace(/HTTP\/1\.1 102 Processing\r\n\r\n/g, '')).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      }
      await gateway.until({ inFlight: 0 });
    });

    it.each([
      ['a name that is none', 'X(y): 1'],
      ['a control character', 'X: \x01'],
    ])('sends a trailer with %s: the answer is cut, and nothing else ends', async (_name, trailer) => {
      const blue = await answersWith(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailer}\r\n\r\n`,
      );
      const gateway = await parts.gateway({ blue: blue.url });
      expect(await rawExchange(gateway.publicPort, GET)).not.toMatch(/0\r\n[^]*\r\n\r\n$/);
      await gateway.until({ inFlight: 0 });
    });

    it('hints at what is no link, and announces trailers that cannot follow: the answer itself passes', async () => {
      const blue = await answersWith(
        'HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X\r\nContent-Length: 2\r\n\r\nok',
      );
      const gateway = await parts.gateway({ blue: blue.url });
      expect(await rawExchange(gateway.publicPort, GET)).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n[^]*ok$/);
    });

    it('hangs before its head: 504 after the timeout', async () => {
      const blue = await parts.rawUpstream(() => undefined);
      const gateway = await parts.gateway({ blue: blue.url, config: { upstream: { responseTimeoutMs: 200 } } });
      expect(await rawExchange(gateway.publicPort, POST)).toMatch(/^HTTP\/1\.1 504 /);
      await gateway.until({ inFlight: 0 });
    });

    it('does not take connections: 504 after the connect timeout', async () => {
      // An address of the range for documentation: packets to it go nowhere or are refused by the network.
      const gateway = await parts.gateway({
        blue: 'http://192.0.2.1:9',
        config: { upstream: { connectTimeoutMs: 200 } },
      });
      expect(await rawExchange(gateway.publicPort, GET)).toMatch(/^HTTP\/1\.1 50[24] /);
    });

    it('hangs in the middle of its body: the connection is destroyed after the idle timeout', async () => {
      const blue = await parts.rawUpstream((socket) =>
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')),
      );
      const gateway = await parts.gateway({ blue: blue.url, config: { upstream: { idleTimeoutMs: 200 } } });
      const answer = await rawExchange(gateway.publicPort, GET);
      expect(answer).toMatch(/Content-Length: 10\r\n[^]*\r\n\r\nhalf$/);
    });

    it.each([
      ['sized', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', /half$/],
      ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', /4\r\nhalf\r\n$/],
    ])('dies in the middle of a %s body: the client never gets what looks complete', async (_name, bytes, end) => {
      const blue = await parts.rawUpstream((socket) =>
        socket.once('data', () => socket.write(bytes, () => setTimeout(() => socket.destroy(), 20))),
      );
      const gateway = await parts.gateway({ blue: blue.url });
      const answer = await rawExchange(gateway.publicPort, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(answer).toMatch(end);
      await gateway.until({ inFlight: 0 });
    });

    it('dies in the middle of a body for HTTP/1.0: the client gets a reset, not an end', async () => {
      const blue = await parts.rawUpstream((socket) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', () =>
            setTimeout(() => socket.destroy(), 20),
          ),
        ),
      );
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      const failure = new Promise<NodeJS.ErrnoException>((resolve) => client.socket.once('error', resolve));
      client.send('GET / HTTP/1.0\r\n\r\n');
      expect((await failure).code).toBe('ECONNRESET');
    });

    it('answers before the body is complete: the answer passes, and the client can go on with the connection', async () => {
      const blue = await parts.upstream((request, response) => {
        if (request.method === 'GET') response.end('next');
        else response.writeHead(413, { 'Content-Length': '3' }).end('no!');
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      const half = 'a'.repeat(300 * 1024); // more than is read ahead
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${half.length * 2}\r\n\r\n${half}`);
      await client.until('no!');
      await gateway.until({ inFlight: 0 });
      client.send(half + GET);
      expect(await client.closed()).toMatch(/413[^]*no![^]*200 OK[^]*next/);
    });
  });

  describe('a kept connection that the side closes at the moment of use', () => {
    /** Serves the first request of each connection and hangs up on the second. */
    const hangsUpOnReuse = () => {
      const received: string[] = [];
      return {
        received,
        blue: parts.rawUpstream((socket) => {
          let requests = 0;
          socket.on('data', (data) => {
            if (data.toString().includes('/health/')) {
              socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
              return;
            }
            requests += 1;
            received.push(data.toString().split(' ', 1)[0] ?? '');
            if (requests > 1) socket.resetAndDestroy();
            else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"active":true}');
          });
        }),
      };
    };

    it.each([
      ['a read', GET.replace('GET /', 'GET /clients')],
      ['an introspection', POST.replace('POST /', 'POST /oauth2/introspect')],
      ['a GET that may use a verifier up', GET.replace('GET /', 'GET /oauth2/auth?login_verifier=v')],
    ])('does not surface for %s', async (_name, read) => {
      const { blue, received } = hangsUpOnReuse();
      const gateway = await parts.gateway({ blue: (await blue).url });
      expect(await rawExchange(gateway.adminPort, read)).toMatch(/200 OK/);
      expect(await rawExchange(gateway.adminPort, read)).toMatch(/200 OK/);
      expect(received).toEqual(Array<string>(3).fill(read.split(' ', 1)[0] ?? ''));
    });

    it('is 502 for a POST, which goes out once and only once', async () => {
      const { blue, received } = hangsUpOnReuse();
      const gateway = await parts.gateway({ blue: (await blue).url });
      expect(await rawExchange(gateway.publicPort, GET)).toMatch(/200 OK/);
      expect(await rawExchange(gateway.publicPort, POST)).toMatch(/502/);
      expect(received).toEqual(['GET', 'POST']);
    });

    it('is avoided: an idle connection is closed from our side first', async () => {
      let closedBy = '';
      const blue = await parts.rawUpstream((socket) => {
        socket.on('data', (data) => {
          if (data.toString().includes('/health/')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
          else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          socket.on('end', () => (closedBy ||= data.toString().includes('/health/') ? '' : 'gateway'));
        });
      });
      const gateway = await parts.gateway({ blue: blue.url, config: { upstream: { keepAliveMs: 100 } } });
      await rawExchange(gateway.publicPort, GET);
      await eventually(() => closedBy === 'gateway');
    });
  });
});
