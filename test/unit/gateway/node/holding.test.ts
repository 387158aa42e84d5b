import { once } from 'node:events';
import { type ServerResponse } from 'node:http';
import { useParts } from '../support/fixture';
import { stopClock } from '../support/manual-clock';
import { eventually, RawClient, rawExchange } from '../support/sockets';

describe('holding', () => {
  const parts = useParts();
  afterEach(() => jest.restoreAllMocks());
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  const post = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  const CHUNKED = 'POST /half HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  const expecting = (bytes: string) => [bytes.replace('\r\n\r\nabcdef', '\r\nExpect: 100-continue\r\n\r\n'), 'abcdef'];
  const introspecting = (bytes: string) => [bytes.replace('/half', '/oauth2/introspect').slice(0, -3), 'def'];

  async function setUp(config: Readonly<Record<string, object>> = {}) {
    const bodies: string[] = [];
    const side = (name: string) =>
      parts.upstream((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        request.on('end', () => {
          bodies.push(`${name} ${request.url} ${body}`);
          response.end(name);
        });
      });
    const [blue, green] = [await side('blue'), await side('green')];
    const gateway = await parts.gateway({ blue: blue.url, green: green.url, config });
    await gateway.stage(1, 'green');
    return { blue, green, bodies, gateway };
  }

  it.each([
    ['apply', 'green'],
    ['revert', 'blue'],
  ] as const)('parks on both listeners and, after %s, serves all from %s in arrival order', async (verb, side) => {
    // Of several at once the one that needs no new connection comes first.
    const { bodies, gateway } = await setUp({ hold: { releaseAtOnce: 1 } });
    expect(await gateway.hold(1)).toEqual({ status: 200, body: { holding: true, inFlight: 0, parked: 0, epoch: 1 } });
    const clients: RawClient[] = [];
    for (let index = 0; index < 30; index += 1) {
      const client = await RawClient.connect(index % 2 ? gateway.publicPort : gateway.adminPort);
      clients.push(client.send(post(`/${index}`, `n=${index}`)));
      await gateway.until({ parked: index + 1 });
    }
    expect(bodies).toEqual([]);
    await gateway[verb](1);
    const answers = await Promise.all(clients.map((client) => client.closed()));
    expect(answers.every((answer) => answer.endsWith(side))).toBe(true);
    const path = (index: number) => (side === 'green' && index % 2 === 0 ? `/admin/${index}` : `/${index}`);
    expect(bodies).toEqual(clients.map((_client, index) => `${side} ${path(index)} n=${index}`));
  });

  it('answers the hold only after the request in flight is answered', async () => {
    const open: ServerResponse[] = [];
    const blue = await parts.upstream((_request, response) => open.push(response));
    const gateway = await parts.gateway({ blue: blue.url });
    await gateway.stage(1, 'green');
    const early = rawExchange(gateway.publicPort, get('/early'));
    await gateway.until({ inFlight: 1 });
    let acknowledged = false;
    const hold = gateway.hold(1).then((answer) => {
      acknowledged = true;
      return answer;
    });
    await gateway.until({ mode: 'hold', inFlight: 1 });
    expect(acknowledged).toBe(false);
    open[0]?.end('done');
    expect(await early).toContain('done');
    expect(await hold).toMatchObject({ status: 200, body: { inFlight: 0 } });
  });

  it('answers 504 DRAIN_TIMEOUT when a request does not end, and holds on until reverted', async () => {
    const blue = await parts.upstream(() => undefined);
    const config = { hold: { drainTimeoutMs: 100 } };
    const gateway = await parts.gateway({ blue: blue.url, config });
    await gateway.stage(1, 'green');
    const stuck = await RawClient.connect(gateway.publicPort);
    stuck.send(get('/stuck'));
    await gateway.until({ inFlight: 1 });
    expect(await gateway.hold(1)).toMatchObject({ status: 504, body: { code: 'DRAIN_TIMEOUT', inFlight: 1 } });
    expect(await gateway.state()).toMatchObject({ mode: 'hold' });
    await gateway.revert(1);
    expect(await gateway.state()).toMatchObject({ mode: 'pass', epoch: 0 });
    stuck.destroy();
  });

  it('never forwards a parked request whose client left, with a body or without, and counts it', async () => {
    const { bodies, gateway } = await setUp();
    await gateway.hold(1);
    const leaving = await Promise.all(
      [get('/left'), post('/left', 'x=1'), post('/left', 'x'.repeat(100_000)), get('/left').slice(0, -2)].map(
        async (bytes) => (await RawClient.connect(gateway.publicPort)).send(bytes),
      ),
    );
    const half = await RawClient.connect(gateway.publicPort);
    half.send(post('/left', 'y'.repeat(50_000)).slice(0, -25_000));
    const stays = await RawClient.connect(gateway.publicPort);
    stays.send(get('/stays'));
    await gateway.until({ parked: 4 });
    for (const client of [...leaving, half]) client.destroy();
    await gateway.until({ parked: 1 });
    await gateway.apply(1);
    await stays.closed();
    expect(bodies).toEqual(['green /stays ']);
    const metrics = await (await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } })).text();
    expect(metrics).toMatch(/^gateway_dropped_total 3$/m);
  });

  it('answers 503 with Retry-After beyond its bounds in count, bytes, body and time', async () => {
    const clock = stopClock();
    const config = { hold: { maxParked: 2, maxParkedBytes: 150_000, deadlineMs: 500, maxParkedMs: 500 } };
    const { bodies, gateway } = await setUp(config);
    await gateway.hold(1);
    const refusal = /^HTTP\/1\.1 503 [^]*Retry-After: \d+/;
    const big = await RawClient.connect(gateway.publicPort);
    big.send(post('/big', 'x'.repeat(100_000)));
    await gateway.until({ parked: 1 });
    while (Number((await gateway.state())['parkedBytes']) < 100_000);
    expect(await rawExchange(gateway.publicPort, post('/big', 'x'.repeat(100_000)))).toMatch(refusal);
    expect(await rawExchange(gateway.publicPort, post('/huge', 'x'.repeat(300_000)))).toMatch(refusal);
    const second = await RawClient.connect(gateway.publicPort);
    second.send(get('/second'));
    await gateway.until({ parked: 2 });
    expect(await rawExchange(gateway.publicPort, get('/third'))).toMatch(refusal);
    await clock.advance(499);
    expect(await gateway.state()).toMatchObject({ parked: 2 });
    await clock.advance(1);
    expect(await big.closed()).toMatch(refusal);
    expect(await second.closed()).toMatch(refusal);
    expect(bodies).toEqual([]);
  });

  it.each([
    ['half a body', (bytes: string) => [bytes.slice(0, -3), bytes.slice(-3)]],
    ['a body it was told to send', (bytes: string) => expecting(bytes)],
    ['chunks without an end', () => [`${CHUNKED}3\r\nabc\r\n`, '3\r\ndef\r\n0\r\n\r\n']],
    ['an introspection', (bytes: string) => introspecting(bytes)],
  ])('does not wait for a client that stalls with %s, which is parked once it is complete', async (_name, split) => {
    const { bodies, blue, gateway } = await setUp();
    const [first = '', rest = ''] = split(post('/half', 'abcdef'));
    const client = await RawClient.connect(gateway.publicPort);
    client.send(first);
    await gateway.until({ receiving: 1 });
    expect(await gateway.hold(1)).toMatchObject({ status: 200, body: { holding: true, inFlight: 0, parked: 0 } });
    client.send(rest);
    await gateway.until({ parked: 1, receiving: 0 });
    expect(blue.seen).toEqual([]);
    await gateway.apply(1);
    expect(await client.closed()).toMatch(/green|"active"|503/);
    expect(bodies.every((body) => body.startsWith('green ') && body.endsWith('abcdef'))).toBe(true);
  });

  it('gives up a write whose large body is still under way: nobody waits for as long as its client likes', async () => {
    const { bodies, blue, gateway } = await setUp();
    const client = await RawClient.connect(gateway.publicPort);
    client.send(post('/large', 'a'.repeat(1_000_000)).slice(0, 400_000));
    await gateway.until({ inFlight: 1 });
    expect(await gateway.hold(1)).toMatchObject({ status: 200, body: { holding: true, inFlight: 0, parked: 0 } });
    client.send('a'.repeat(700_000));
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1/);
    await gateway.revert(1);
    expect(await rawExchange(gateway.publicPort, post('/next', 'n'))).toMatch(/blue$/);
    expect(blue.seen.map(({ url }) => url)).toEqual(['/large', '/next']);
    expect(bodies).toEqual(['blue /next n']);
  });

  describe('beside a write whose answer nobody reads', () => {
    /** More than the kernel keeps on the way to a client that does not read. */
    const MORE = 64 * 1024 * 1024;

    async function unread() {
      const answers: ServerResponse[] = [];
      const blue = await parts.upstream(
        (request, response) => void request.resume().on('end', () => answers.push(response)),
      );
      const gateway = await parts.gateway({ blue: blue.url, config: { upstream: { idleTimeoutMs: 600_000 } } });
      await gateway.stage(1, 'green');
      const client = await RawClient.connect(gateway.publicPort);
      client.socket.pause();
      client.send(post('/write', 'w'));
      await eventually(() => answers.length === 1);
      return { gateway, client, answer: answers[0] as ServerResponse };
    }

    /** Until its side can send no more for a while, because the gateway does not read on. */
    async function sendWhatFits(answer: ServerResponse): Promise<void> {
      for (let isFull = false; !isFull;) {
        if (answer.write(Buffer.alloc(64 * 1024))) continue;
        const waiting = AbortSignal.timeout(250);
        isFull = await once(answer, 'drain', { signal: waiting }).then(
          () => false,
          () => true,
        );
      }
    }

    it.each([
      ['began before the hold', true],
      ['begins while the hold waits for it', false],
    ])('gives that client up when the answer %s', async (_when, isEarly) => {
      const { gateway, client, answer } = await unread();
      if (isEarly) await sendWhatFits(answer);
      const hold = gateway.hold(1);
      await gateway.until({ mode: 'hold' });
      answer.end(Buffer.alloc(MORE));
      expect(await hold).toMatchObject({ status: 200, body: { holding: true, inFlight: 0 } });
      client.socket.resume();
      expect((await client.closed()).length).toBeLessThan(MORE);
      expect(await gateway.state()).toMatchObject({ mode: 'hold', ready: { blue: true } });
    });

    it('keeps a smaller one for it, which is there when the client reads', async () => {
      const { gateway, client, answer } = await unread();
      const hold = gateway.hold(1);
      await gateway.until({ mode: 'hold' });
      answer.end('a'.repeat(200_000));
      expect(await hold).toMatchObject({ status: 200, body: { holding: true, inFlight: 0 } });
      client.socket.resume();
      expect(await client.closed()).toMatch(/a{200000}$/);
    });
  });

  it('repeats and concurrent repeats of a hold get the same answer; an older or unstaged epoch gets 409', async () => {
    const { gateway } = await setUp();
    const answers = await Promise.all([gateway.hold(1), gateway.hold(1), gateway.hold(1)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await gateway.hold(2)).toMatchObject({ status: 409, body: { code: 'HOLD_UNRESOLVED' } });
    await gateway.apply(1);
    expect(await gateway.hold(1)).toMatchObject({ status: 409, body: { code: 'STALE_EPOCH', highestEpoch: 1 } });
    expect(await gateway.hold(2)).toMatchObject({ status: 409, body: { code: 'NOT_STAGED' } });
  });

  it('past its deadline forwards nothing and answers 503 until an operator settles the epoch', async () => {
    const clock = stopClock();
    const { bodies, gateway } = await setUp();
    await gateway.hold(1, 50);
    const parked = rawExchange(gateway.publicPort, get('/parked'));
    await gateway.until({ parked: 1 });
    await clock.advance(50);
    await gateway.until({ mode: 'in_doubt' });
    expect(await parked).toMatch(/^HTTP\/1\.1 503 /);
    expect(await rawExchange(gateway.adminPort, get('/later'))).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After/);
    const ready = await fetch(`${gateway.controlUrl}/health/ready`, { headers: { Connection: 'close' } });
    expect(ready.status).toBe(503);
    expect(bodies).toEqual([]);
    await gateway.apply(1);
    expect(await rawExchange(gateway.publicPort, get('/now'))).toMatch(/green$/);
  });

  it('past its deadline asks over HTTP and does what the verdict says', async () => {
    const questions: unknown[] = [];
    const verdicts = ['{"verdict":"unknown"}', 'nonsense', '{"verdict":"committed"}'];
    const arbiter = await parts.upstream((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        questions.push(JSON.parse(body));
        response.end(verdicts.shift());
      });
    });
    const doubt = { kind: 'http', url: `${arbiter.url}/claim`, askOnStart: false, retryMs: 50, timeoutMs: 30_000 };
    const { gateway } = await setUp({ doubt });
    await gateway.hold(1, 50);
    await gateway.until({ mode: 'pass', epoch: 1 });
    expect(questions).toEqual(
      Array.from({ length: 3 }, () => ({ reason: 'hold_deadline', epoch: 1, appliedEpoch: 0 })),
    );
    expect(await rawExchange(gateway.publicPort, get('/now'))).toMatch(/green$/);
  });

  it('at a shutdown answers the parked with 503 and lets what is in flight finish', async () => {
    let finish: () => void = () => undefined;
    const blue = await parts.upstream((_request, response) => (finish = () => response.end('finished')));
    const gateway = await parts.gateway({ blue: blue.url, config: { shutdownTimeoutMs: 30_000 } });
    await gateway.stage(1, 'green');
    const inFlight = rawExchange(gateway.publicPort, get('/a'));
    await gateway.until({ inFlight: 1 });
    const hold = gateway.hold(1);
    await gateway.until({ mode: 'hold' });
    const parked = rawExchange(gateway.publicPort, get('/b'));
    await gateway.until({ parked: 1 });
    const closing = gateway.close();
    expect(await parked).toMatch(/^HTTP\/1\.1 503 /);
    expect((await hold).status).toBe(409);
    finish();
    expect(await inFlight).toContain('finished');
    await closing;
  });
});
