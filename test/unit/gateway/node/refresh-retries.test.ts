import { type ServerResponse } from 'node:http';
import { parseGatewayTraffic } from '../../../../adapters/metrics';
import { useParts } from '../support/fixture';
import { eventually, RawClient, rawExchange } from '../support/sockets';

/** Longer than any test takes. */
const ON = { refreshRetries: { keepMs: 60_000 } };

function refreshOf(token: string, headers = ''): string {
  const body = `grant_type=refresh_token&refresh_token=${token}`;
  return (
    `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n${headers}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

describe('retries of a refresh', () => {
  const parts = useParts();

  /** Each side answers when told, with its name and how many it has answered. */
  async function setUp(config: Readonly<Record<string, object>> = ON) {
    const open: (() => void)[] = [];
    let count = 0;
    const side = (name: string) =>
      parts.upstream((request, response: ServerResponse) => {
        request.resume();
        const answer = (status = 200) => {
          count += 1;
          response.writeHead(status, { 'Content-Type': 'application/json' }).end(`{"said":"${name} ${count}"}`);
        };
        open.push(answer);
      });
    const [blue, green] = [await side('blue'), await side('green')];
    const gateway = await parts.gateway({ blue: blue.url, green: green.url, config });
    const send = async (bytes: string) => (await RawClient.connect(gateway.publicPort)).send(bytes);
    const answered = async (bytes: string) => {
      const before = open.length;
      const client = await send(bytes);
      await eventually(() => open.length > before);
      open[before]?.();
      return client.closed();
    };
    const metrics = async () => {
      const response = await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } });
      return response.text();
    };
    const writes = async () => {
      const { hours } = (await gateway.control('GET', '/observations')).body['writes'] as {
        hours: readonly { readonly writes: number }[];
      };
      return hours.reduce((sum, hour) => sum + hour.writes, 0);
    };
    return { blue, green, open, gateway, send, answered, metrics, writes };
  }

  it('share one call and its answer, which is kept; each client is counted, the side once', async () => {
    const { open, gateway, send, metrics, writes } = await setUp();
    const clients = [];
    for (let index = 0; index < 5; index += 1) clients.push(await send(refreshOf('r')));
    await eventually(() => open.length > 0);
    for (;;) if (/gateway_refreshes_spared_total\{how="shared"\} 4/.test(await metrics())) break;
    expect(await gateway.state()).toMatchObject({ inFlight: 1 });
    open[0]?.();
    for (const client of clients) expect(await client.closed()).toMatch(/^HTTP\/1\.1 200 [^]*"said":"blue 1"/);
    expect(await rawExchange(gateway.publicPort, refreshOf('r'))).toMatch(/"said":"blue 1"/);
    expect(open).toHaveLength(1);
    const text = await metrics();
    expect(text).toMatch(/gateway_refreshes_spared_total\{how="kept"\} 1/);
    expect(text).toMatch(/gateway_refresh_answers_kept 1/);
    expect(text).toMatch(/gateway_requests_total\{listener="public",side="blue",status="2xx"\} 6/);
    expect(parseGatewayTraffic(text).answers).toEqual([
      { endpoint: 'token', grant: 'refresh_token', side: 'blue', outcome: 'ok', count: 1 },
    ]);
    expect(await writes()).toBe(1);
    expect(await gateway.state()).toMatchObject({ inFlight: 0 });
  });

  it('get the answer whose client was cut off; the call goes on, and a hold waits for it', async () => {
    const { open, gateway, send, metrics } = await setUp();
    const first = await send(refreshOf('r'));
    await eventually(() => open.length > 0);
    first.destroy();
    for (;;) if (/gateway_requests_total\{[^}]*status="4xx"\} 1/.test(await metrics())) break;
    expect(await gateway.state()).toMatchObject({ inFlight: 1 });
    open[0]?.();
    await gateway.until({ inFlight: 0 });
    expect(await rawExchange(gateway.publicPort, refreshOf('r'))).toMatch(/"said":"blue 1"/);
    expect(open).toHaveLength(1);
    expect(parseGatewayTraffic(await metrics()).answers).toEqual([
      { endpoint: 'token', grant: 'refresh_token', side: 'blue', outcome: 'ok', count: 1 },
    ]);
  });

  it('are sent each time by default, and always with a proof for one request', async () => {
    const off = await setUp({});
    await off.answered(refreshOf('r'));
    expect(await off.answered(refreshOf('r'))).toMatch(/"said":"blue 2"/);
    const on = await setUp();
    await on.answered(refreshOf('r', 'DPoP: proof\r\n'));
    expect(await on.answered(refreshOf('r', 'DPoP: proof\r\n'))).toMatch(/"said":"blue 2"/);
    expect(await on.metrics()).toMatch(/gateway_refresh_answers_kept 0/);
  });

  it.each(['apply', 'revert'] as const)(
    'never get an answer from before a hold, whatever ends it: %s',
    async (verb) => {
      const { gateway, answered, open, metrics } = await setUp();
      expect(await answered(refreshOf('r'))).toMatch(/"said":"blue 1"/);
      await gateway.stage(1, 'green');
      await gateway.hold(1);
      expect(await metrics()).toMatch(/gateway_refresh_answers_kept 0/);
      const clients = [];
      for (let index = 0; index < 2; index += 1) {
        clients.push((await RawClient.connect(gateway.publicPort)).send(refreshOf('r')));
        await gateway.until({ parked: index + 1 });
      }
      await gateway[verb](1);
      await eventually(() => open.length > 1);
      open[1]?.();
      const name = verb === 'apply' ? 'green 2' : 'blue 2';
      for (const client of clients) expect(await client.closed()).toContain(`"said":"${name}"`);
      expect(open).toHaveLength(2);
    },
  );

  it.each<[string, string]>([
    ['breaks off', 'Content-Length: 100\r\n\r\n{"access'],
    ['breaks off between two chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n'],
    ['is longer than any answer with tokens', `Content-Length: 1048577\r\n\r\n${'x'.repeat(1_048_577)}`],
  ])('get no part of an answer that %s, and are sent again after it', async (_what, rest) => {
    let asked = 0;
    const blue = await parts.rawUpstream((socket) => {
      socket.on('data', (bytes) => {
        // Whether the side is ready is asked, too.
        if (bytes.toString().startsWith('POST /oauth2/token')) asked += 1;
        socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${rest}`);
      });
    });
    const gateway = await parts.gateway({ blue: blue.url, config: ON });
    for (const count of [1, 2]) {
      expect(await rawExchange(gateway.publicPort, refreshOf('r'))).toMatch(/^HTTP\/1\.1 502 /);
      expect(asked).toBe(count);
    }
    expect(await gateway.state()).toMatchObject({ inFlight: 0 });
  });

  it('share a failure, and are sent again after it', async () => {
    const { blue, open, send, answered } = await setUp();
    const client = await send(refreshOf('r'));
    await eventually(() => open.length > 0);
    blue.server.closeAllConnections();
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 502 /);
    expect(await answered(refreshOf('r'))).toMatch(/"said":"blue 1"/);
  });
});
