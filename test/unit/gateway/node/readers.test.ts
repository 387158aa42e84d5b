import { type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../support/until';
import { useParts } from '../support/fixture';
import { RawClient, rawExchange } from '../support/sockets';

/** Of each listener one request that only reads, and one that writes. */
const READS = {
  public: 'GET /userinfo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  admin: 'POST /oauth2/introspect HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoken=a',
};
const WRITE = 'POST /oauth2/revoke HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoken=a';

describe('readers', () => {
  const parts = useParts();

  async function setUp(config: Readonly<Record<string, object>> = {}) {
    /** Answers of blue below `/.well-known/`, which the test ends. */
    const open = new Map<string, ServerResponse>();
    const side = (name: string) =>
      parts.upstream((request, response) => {
        if (request.url?.startsWith('/.well-known/') === true) open.set(request.url, response);
        else request.resume().on('end', () => response.end(JSON.stringify({ active: true, from: name })));
      });
    const [blue, green] = [await side('blue'), await side('green')];
    const gateway = await parts.gateway({ blue: blue.url, green: green.url, config });
    await gateway.stage(1, 'green');
    const ask = (bytes: string, port = gateway.publicPort) => rawExchange(port, bytes);
    const readAt = async () => {
      const answers = [await ask(READS.public), await ask(READS.admin, gateway.adminPort)];
      return answers.map((answer) => /"from":"(\w+)"/.exec(answer)?.[1] ?? answer.split('\r\n')[0]);
    };
    const hold = () => gateway.control('PUT', '/hold', { epoch: 1, deadlineMs: 60_000, holds: 'writes' });
    const moveReads = () => gateway.control('PUT', '/reads', { epoch: 1 });
    return { open, gateway, ask, readAt, hold, moveReads };
  }

  it('never wait while writes move: they are served by blue, then by green, and writes after them', async () => {
    const { gateway, ask, readAt, hold, moveReads } = await setUp();
    expect(await hold()).toEqual({ status: 200, body: { holding: true, inFlight: 0, parked: 0, epoch: 1 } });
    const write = ask(WRITE);
    await gateway.until({ parked: 1 });
    expect(await readAt()).toEqual(['blue', 'blue']);
    expect(await moveReads()).toEqual({ status: 200, body: { epoch: 1, readsAt: 'green' } });
    expect(await moveReads()).toEqual({ status: 200, body: { epoch: 1, readsAt: 'green' } });
    expect(await readAt()).toEqual(['green', 'green']);
    expect(await gateway.state()).toMatchObject({ mode: 'hold', parked: 1, inFlight: 0 });
    await gateway.apply(1);
    expect(await write).toContain('green');
  });

  it('that take what is asked of them keep nobody: what a reader began at blue ends there, however late', async () => {
    const { open, gateway, ask, readAt, hold, moveReads } = await setUp();
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const stalled = await RawClient.connect(gateway.publicPort);
    stalled.send(get('/.well-known/jwks.json'));
    const download = ask(get('/.well-known/openid-configuration'));
    await until('both are at blue', () => open.size === 2);
    const [never, large] = ['jwks.json', 'openid-configuration'].map((name) => open.get(`/.well-known/${name}`));
    expect(await gateway.state()).toMatchObject({ inFlight: 2, readsInFlight: 2 });
    expect(await hold()).toMatchObject({ status: 200, body: { inFlight: 0 } });
    large?.write('hold ');
    expect(await moveReads()).toMatchObject({ status: 200 });
    large?.write('reads ');
    expect(await gateway.apply(1)).toMatchObject({ status: 200 });
    large?.write('apply ');
    expect(await ask(WRITE)).toContain('green');
    expect(await readAt()).toEqual(['green', 'green']);
    large?.write('released ');
    await gateway.until({ inFlight: 2 });
    large?.end('end');
    expect(await download).toMatch(/hold [^]*reads [^]*apply [^]*released [^]*end/);
    never?.end();
    expect(await stalled.closed()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('that never read what blue sends keep nobody either, and are cut by nobody: all of it is there once they read', async () => {
    const { open, gateway, ask, hold, moveReads } = await setUp({ upstream: { idleTimeoutMs: 600_000 } });
    const stalled = await RawClient.connect(gateway.publicPort);
    stalled.socket.pause();
    stalled.send('GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until('it is at blue', () => open.size === 1);
    // More than the kernel keeps on the way.
    const bytes = 64 * 1024 * 1024;
    open.get('/.well-known/jwks.json')?.end(Buffer.alloc(bytes));
    expect(await hold()).toMatchObject({ status: 200, body: { inFlight: 0 } });
    expect(await moveReads()).toMatchObject({ status: 200 });
    expect(await gateway.apply(1)).toMatchObject({ status: 200 });
    expect(await ask(WRITE)).toContain('green');
    expect(await gateway.state()).toMatchObject({ readsInFlight: 1 });
    stalled.socket.resume();
    expect((await stalled.closed()).length).toBeGreaterThan(bytes);
  });

  it('whom nobody waited for are waited for once a worker that knows of no reads takes part, and not for what they leave unread', async () => {
    const { open, gateway, hold } = await setUp({
      upstream: { idleTimeoutMs: 600_000 },
      hold: { drainTimeoutMs: 5_000 },
    });
    const stalled = await RawClient.connect(gateway.publicPort);
    stalled.socket.pause();
    stalled.send('GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until('it is at blue', () => open.size === 1);
    open.get('/.well-known/jwks.json')?.end(Buffer.alloc(64 * 1024 * 1024));
    expect(await hold()).toMatchObject({ status: 200 });
    expect(await gateway.state()).toMatchObject({ readsInFlight: 1 });
    expect(await gateway.hold(1)).toMatchObject({ status: 200, body: { holding: true, inFlight: 0 } });
    stalled.destroy();
  });

  it('that take longer than any limit for what a client sends are cut by none', async () => {
    const limits = { headersTimeoutMs: 1_000, requestTimeoutMs: 1_000, bodyTimeoutMs: 500, keepAliveTimeoutMs: 500 };
    const { open, gateway, ask, hold, moveReads } = await setUp({ limits });
    const download = ask('GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until('it is at blue', () => open.size === 1);
    const answer = open.get('/.well-known/jwks.json');
    answer?.write('first ');
    expect(await hold()).toMatchObject({ status: 200 });
    expect(await moveReads()).toMatchObject({ status: 200 });
    // Connections are looked at once a second.
    await sleep(2_500);
    expect(await gateway.apply(1)).toMatchObject({ status: 200 });
    answer?.end('last');
    expect(await download).toMatch(/first [^]*last/);
  });

  it('are back with the writes when the epoch is given up', async () => {
    const { gateway, ask, readAt, hold } = await setUp();
    await hold();
    const write = ask(WRITE);
    await gateway.until({ parked: 1 });
    await gateway.revert(1);
    expect(await write).toContain('blue');
    expect(await readAt()).toEqual(['blue', 'blue']);
  });

  it('are refused like everybody while their gateway is in doubt, and say so to whoever moves them', async () => {
    const { gateway, hold } = await setUp();
    await hold();
    const again = await parts.keep(gateway.restart());
    await again.until({ mode: 'in_doubt' });
    const refused = await rawExchange(again.publicPort, READS.public);
    expect(refused).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After/);
    // Told of the commit, it knows enough for them.
    expect(await again.control('PUT', '/reads', { epoch: 2 })).toMatchObject({ body: { readsAt: 'nobody' } });
    expect(await again.control('PUT', '/reads', { epoch: 1 })).toMatchObject({ body: { readsAt: 'green' } });
    expect(await rawExchange(again.publicPort, READS.public)).toContain('"from":"green"');
    expect(await rawExchange(again.publicPort, WRITE)).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('go on at green when the deadline of the hold is over after they were moved, and at nobody before that', async () => {
    for (const isMoved of [true, false]) {
      const { gateway, readAt, moveReads } = await setUp({ hold: { deadlineMs: 60_000 } });
      await gateway.control('PUT', '/hold', { epoch: 1, deadlineMs: isMoved ? 3_000 : 50, holds: 'writes' });
      if (isMoved) await moveReads();
      await gateway.until({ mode: 'in_doubt' });
      const at = isMoved ? ['green', 'green'] : Array(2).fill('HTTP/1.1 503 Service Unavailable');
      expect(await readAt()).toEqual(at);
    }
  });

  it('wait with all others for a worker that knows of no reads', async () => {
    const { gateway, ask } = await setUp();
    await gateway.hold(1);
    const read = ask(READS.public);
    await gateway.until({ parked: 1 });
    await gateway.apply(1);
    expect(await read).toContain('"from":"green"');
  });

  it('are not moved for an epoch that nobody holds for', async () => {
    const { gateway, readAt, moveReads } = await setUp();
    expect(await moveReads()).toMatchObject({ status: 409, body: { code: 'STALE_EPOCH' } });
    expect(await gateway.control('PUT', '/reads', { epoch: 2 })).toMatchObject({ body: { code: 'NOT_STAGED' } });
    expect(await readAt()).toEqual(['blue', 'blue']);
  });
});
