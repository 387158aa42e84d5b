import { once } from 'node:events';
import { ServerResponse } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { useParts } from '../support/fixture';
import { eventually, RawClient, rawExchange } from '../support/sockets';

/** More than the gateway reads ahead. */
const LARGE_BYTES = 300 * 1024;

describe('streaming', () => {
  const parts = useParts();

  describe('what streams through', () => {
    it('is the request: method, target, headers in order, case and number, and body', async () => {
      let body = '';
      const blue = await parts.upstream((request, response) => {
        request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        request.on('end', () => response.end('ok'));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      await rawExchange(
        gateway.publicPort,
        'PATCH /a/../b%2Fc?x=1&x=2 HTTP/1.1\r\nhOst: login.example\r\nX-Twice: 1\r\ncookie: a=b\r\nx-twice: 2\r\n' +
          'Content-Length: 5\r\nConnection: close\r\n\r\nhello',
      );
      expect(blue.seen).toEqual([
        {
          method: 'PATCH',
          url: '/a/../b%2Fc?x=1&x=2',
          rawHeaders: [
            ...['hOst', 'login.example', 'X-Twice', '1', 'cookie', 'a=b', 'x-twice', '2', 'Content-Length', '5'],
            ...['X-Forwarded-Proto', 'https', 'X-Forwarded-For', '127.0.0.1'],
            ...['X-Request-Id', expect.stringMatching(/^[\w-]+$/) as string, 'Connection', 'keep-alive'],
          ],
        },
      ]);
      expect(body).toBe('hello');
    });

    it('is the answer: status, reason, duplicate cookies, redirects and no Date of our own', async () => {
      const blue = await parts.upstream((_request, response) => {
        response.sendDate = false;
        response.writeHead(302, 'Look There', [
          ...['Location', 'https://elsewhere.example/cb?code=1', 'Set-Cookie', 'a=1; Path=/', 'set-cookie', 'b=2'],
          ...['Content-Length', '0'],
        ]);
        response.end();
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const answer = await rawExchange(gateway.publicPort, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect(answer).toBe(
        'HTTP/1.1 302 Look There\r\nLocation: https://elsewhere.example/cb?code=1\r\nSet-Cookie: a=1; Path=/\r\n' +
          'set-cookie: b=2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      );
      expect(blue.seen).toHaveLength(1);
    });

    it('is chunked bodies with trailers, both ways', async () => {
      const received: string[] = [];
      const blue = await parts.upstream((request, response) => {
        response.writeHead(200, { Trailer: 'X-Sum' });
        request.setEncoding('utf8').on('data', (chunk: string) => {
          received.push(chunk);
          response.write(`got ${chunk}`);
        });
        request.on('end', () => {
          response.addTrailers({ 'X-Sum': String(request.trailers['x-client-sum']) });
          response.end();
        });
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\none\r\n');
      await gateway.until({ receiving: 1 });
      client.send('3\r\ntwo\r\n0\r\nX-Client-Sum: 42\r\n\r\n');
      const answer = await client.closed();
      expect(received.join('')).toBe('onetwo');
      expect(answer).toContain('Transfer-Encoding: chunked');
      expect(answer.endsWith('0\r\nX-Sum: 42\r\n\r\n')).toBe(true);
    });

    it('is a body larger than what is read ahead, piece by piece', async () => {
      let received = 0;
      const blue = await parts.upstream((request, response) => {
        response.flushHeaders();
        request.on('data', (chunk: Buffer) => response.write(`got ${(received += chunk.length)};`));
        request.on('end', () => response.end('all'));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      const total = LARGE_BYTES + 6;
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${total}\r\nConnection: close\r\n\r\n`);
      client.send('a'.repeat(LARGE_BYTES));
      await client.until(`got ${LARGE_BYTES};`);
      client.send('abc');
      await client.until(`got ${LARGE_BYTES + 3};`);
      client.send('def');
      await client.until('all');
    });

    it('is a target with raw bytes above 0x7f, percent-encoded, counted, and alone on its connection', async () => {
      const blue = await parts.upstream((request, response) => {
        request.resume().on('end', () => response.end('ok'));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const target = '/oauth2/auth?login_hint=\u017e&x=\u00e9';
      const get = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await rawExchange(gateway.publicPort, get)).toMatch(/200 OK[^]*Connection: close[^]*ok/);
      const post = `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n`;
      const client = await RawClient.connect(gateway.publicPort);
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await client.until('ok');
      await gateway.until({ inFlight: 0 });
      client.send(Buffer.from(post));
      await gateway.until({ receiving: 1 });
      client.send('ab');
      await client.closed();
      const encoded = '/oauth2/auth?login_hint=%C5%BE&x=%C3%A9';
      expect(blue.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
        `GET ${encoded}`,
        'GET /',
        `POST ${encoded}`,
      ]);
      expect(blue.seen[0]?.rawHeaders).toEqual(expect.arrayContaining(['X-Forwarded-For', '127.0.0.1']));
      const metrics = await (await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
      expect(metrics).toMatch(/^gateway_targets_encoded_total 2$/m);
    });

    it('is HEAD, 204 and 304 without a body, and the connection goes on', async () => {
      const blue = await parts.upstream((request, response) => {
        const status = Number(request.url?.slice(1));
        response.writeHead(status, status === 204 ? {} : { 'Content-Length': '1234', ETag: '"x"' });
        response.end();
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.send('HEAD /200 HTTP/1.1\r\nHost: x\r\n\r\n');
      await client.until('Content-Length: 1234');
      client.send('GET /304 HTTP/1.1\r\nHost: x\r\n\r\n');
      await client.until('304 Not Modified');
      client.send('DELETE /204 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect((await client.closed()).match(/HTTP\/1\.1 \d+/g)).toEqual([
        'HTTP/1.1 200',
        'HTTP/1.1 304',
        'HTTP/1.1 204',
      ]);
    });

    it('is a request that expects 100 Continue, which the gateway gives and the side is not asked for', async () => {
      const blue = await parts.upstream((request, response) => {
        request.resume().on('end', () => response.end('thanks'));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.send(
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
      );
      await client.until('HTTP/1.1 100 Continue\r\n\r\n');
      expect(blue.seen).toEqual([]);
      client.send('hello');
      expect(await client.closed()).toContain('thanks');
      expect(blue.seen[0]?.rawHeaders).not.toContain('Expect');
    });

    it('is an answer to HTTP/1.0, ended by the end of the connection', async () => {
      const blue = await parts.upstream((_request, response) => {
        response.write('a');
        response.end('b');
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const answer = await rawExchange(gateway.publicPort, 'GET / HTTP/1.0\r\n\r\n');
      expect(answer).not.toContain('Transfer-Encoding');
      expect(answer.endsWith('\r\n\r\nab')).toBe(true);
      expect(blue.seen[0]?.rawHeaders).toContain(blue.url.slice('http://'.length)); // a Host for HTTP/1.1
    });

    it('is an answer in many small chunks, of which none makes another listener', async () => {
      const chunks = 1_000;
      const blue = await parts.rawUpstream((socket) => {
        socket.once('data', () => {
          const chunk = `200\r\n${'x'.repeat(512)}\r\n`.repeat(chunks);
          socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`);
        });
      });
      const gateway = await parts.gateway({ blue: blue.url });
      let waiting = 0;
      const once = ServerResponse.prototype.once;
      const spy = jest.spyOn(ServerResponse.prototype, 'once').mockImplementation(function (
        this: ServerResponse,
        ...listener: Parameters<ServerResponse['once']>
      ) {
        once.apply(this, listener);
        waiting = Math.max(waiting, this.listenerCount('drain'));
        return this;
      });
      try {
        const answer = await fetch(`${gateway.publicUrl}/`, { headers: { Connection: 'close' } });
        expect((await answer.text()).length).toBe(chunks * 512);
      } finally {
        spy.mockRestore();
      }
      expect(waiting).toBe(1);
    });

    it('is back-pressure: a side is not read further than its slow client reads', async () => {
      let sent = 0;
      const chunk = Buffer.alloc(64 * 1024);
      const blue = await parts.upstream((_request, response) => {
        const push = () => {
          while (sent < 200 * 1024 * 1024) {
            sent += chunk.length;
            if (!response.write(chunk)) {
              response.once('drain', push);
              return;
            }
          }
          response.end();
        };
        push();
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await eventually(() => sent > 0);
      let before = -1;
      while (before !== sent) {
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(sent).toBeLessThan(50 * 1024 * 1024); // what the kernel's buffers take, and not the whole
      client.destroy();
    });
  });

  describe('the ends of connections', () => {
    it('a client that leaves ends its request at the side', async () => {
      let aborted = false;
      const blue = await parts.upstream((_request, response) => {
        response.on('close', () => (aborted = !response.writableFinished));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
      await eventually(() => blue.seen.length === 1);
      client.destroy();
      await eventually(() => aborted);
      await gateway.until({ inFlight: 0 });
    });

    it.each(['GET /userinfo', 'POST /oauth2/revoke'])(
      'a client that closed its half has the answer to what is at the side: %s',
      async (line) => {
        const open: ServerResponse[] = [];
        const blue = await parts.upstream((_request, response) => open.push(response));
        const gateway = await parts.gateway({ blue: blue.url });
        const client = await RawClient.connect(gateway.publicPort);
        client.send(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`);
        await eventually(() => open.length === 1);
        client.socket.end();
        await client.until('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n');
        open[0]?.end('answered');
        expect(await client.closed()).toMatch(
          /^(HTTP\/1\.1 100 Continue\r\n\r\n)+HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nanswered$/,
        );
      },
    );

    it('a client that closed its half has the answers to all that it pipelined', async () => {
      const blue = await parts.upstream((request, response) => setTimeout(() => response.end(request.url), 10));
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.socket.end(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
      const answers = (await client.closed()).replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '');
      expect(answers).toMatch(/^HTTP\/1\.1 200 [^]*\/1[^]*HTTP\/1\.1 200 [^]*\/2[^]*HTTP\/1\.1 200 [^]*\/3\r?\n?/);
      expect(blue.seen.map(({ url }) => url)).toEqual(['/1', '/2', '/3']);
    });

    it('over TLS, too, who closed one half is told from who left', async () => {
      const { generate } = await import('selfsigned');
      const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
      const folder = await parts.files({ 'cert.pem': cert, 'key.pem': key });
      const open = new Map<string, ServerResponse>();
      let aborted = false;
      const blue = await parts.upstream((request, response) => {
        open.set(request.url ?? '', response);
        response.on('close', () => (aborted ||= !response.writableFinished));
      });
      const tls = { certFile: `${folder}/cert.pem`, keyFile: `${folder}/key.pem` };
      const listeners = { public: { port: 0, tls }, admin: { port: 0 }, control: { port: 0 } };
      const gateway = await parts.gateway({ blue: blue.url, config: { listeners } });
      const ask = (path: string) => {
        const socket = connectTls({ port: gateway.publicPort, host: '127.0.0.1', rejectUnauthorized: false });
        socket.on('error', () => undefined).write(`POST ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        return socket;
      };
      const [waits, leaves] = [ask('/waits'), ask('/leaves')];
      let received = '';
      waits.setEncoding('latin1').on('data', (text: string) => (received += text));
      await eventually(() => open.size === 2);
      waits.end();
      leaves.destroy();
      await eventually(() => aborted);
      open.get('/waits')?.end('answered');
      await once(waits, 'close');
      expect(received).toMatch(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nanswered$/);
    });

    it('a client of HTTP/1.0 that closed its half has left: it cannot be asked', async () => {
      let aborted = false;
      const blue = await parts.upstream((_request, response) => {
        response.on('close', () => (aborted = !response.writableFinished));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.send('GET /slow HTTP/1.0\r\n\r\n');
      await eventually(() => blue.seen.length === 1);
      client.socket.end();
      expect(await client.closed()).toBe('');
      await eventually(() => aborted);
    });

    it('a client that leaves in the middle of a large body ends its request at the side', async () => {
      let ended = 'no';
      const blue = await parts.upstream((request) => {
        request.on('error', () => (ended = 'aborted'));
        request.on('end', () => (ended = 'complete'));
        request.resume();
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${'a'.repeat(LARGE_BYTES)}`);
      await eventually(() => blue.seen.length === 1);
      client.destroy();
      await eventually(() => ended !== 'no');
      expect(ended).toBe('aborted');
    });

    it('pipelined requests reach the side one after the other, in order', async () => {
      let running = 0;
      const blue = await parts.upstream((request, response) => {
        running += 1;
        expect(running).toBe(1);
        setTimeout(() => {
          running -= 1;
          response.end(request.url);
        }, 5);
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
      const answer = await rawExchange(
        gateway.publicPort,
        get('/1') + get('/2') + get('/3') + get('/4', 'Connection: close\r\n'),
      );
      expect(answer.match(/^\/\d|\r\n\/\d/gm)?.map((path) => path.trim())).toEqual(['/1', '/2', '/3', '/4']);
      expect(blue.seen.map(({ url }) => url)).toEqual(['/1', '/2', '/3', '/4']);
    });

    it('keeps a connection to the side for the next request', async () => {
      const ports = new Set<number | undefined>();
      const blue = await parts.upstream((request, response) => {
        ports.add(request.socket.remotePort);
        request.resume().on('end', () => response.end('ok'));
      });
      const gateway = await parts.gateway({ blue: blue.url });
      const client = await RawClient.connect(gateway.publicPort);
      for (let index = 1; index <= 5; index += 1) {
        client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab');
        await eventually(
          () => client.received.split('ok\r\n').length + client.received.split('\r\nok').length > index + 1,
        );
        await eventually(() => (client.received.match(/200 OK/g)?.length ?? 0) === index);
        await gateway.until({ inFlight: 0 });
      }
      expect(ports.size).toBe(1);
      client.destroy();
    });
  });

  describe('the admin listener', () => {
    it('speaks the generation of the side, in both spellings', async () => {
      const echo = (request: { url?: string | undefined }, response: { end(text: string): void }) =>
        response.end(request.url ?? '');
      const blue = await parts.upstream(echo);
      const green = await parts.upstream(echo);
      const gateway = await parts.gateway({ blue: blue.url, green: green.url });
      const ask = async (path: string) =>
        (await fetch(gateway.adminUrl + path, { headers: { Connection: 'close' } })).text();
      expect([await ask('/clients'), await ask('/admin/clients?a=1')]).toEqual(['/clients', '/clients?a=1']);
      await gateway.stage(1, 'green');
      await gateway.apply(1);
      expect([await ask('/clients'), await ask('/admin/clients')]).toEqual(['/admin/clients', '/admin/clients']);
      expect(await ask('/version')).toBe('/version');
      expect(await ask('/metrics/prometheus')).toBe('/admin/metrics/prometheus');
    });
  });
});
