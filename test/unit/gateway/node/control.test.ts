import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';
import { TEST_TOKEN } from '../support/test-gateway';

describe('the control listener', () => {
  const parts = useParts();

  it.each(['GET /state', 'PUT /hold', 'GET /target', 'PUT /target/staged', 'POST /target/apply', 'GET /nothing'])(
    'answers 401 to %s without the token and changes nothing',
    async (route) => {
      const gateway = await parts.gateway();
      const before = await gateway.state();
      const [method = '', path = ''] = route.split(' ');
      for (const authorization of [undefined, 'Bearer ', 'Bearer nearly', `Basic ${TEST_TOKEN}`, TEST_TOKEN]) {
        const response = await fetch(new URL(path, gateway.controlUrl), {
          method,
          headers: { Connection: 'close', ...(authorization === undefined ? {} : { Authorization: authorization }) },
          ...(method === 'GET' ? {} : { body: '{"epoch":1,"deadlineMs":1000}' }),
        });
        expect(response.status).toBe(401);
        await response.text();
      }
      expect(await gateway.state()).toEqual(before);
    },
  );

  it.each([
    ['not JSON', '{'],
    ['no deadline', '{"epoch":1}'],
    ['a negative deadline', '{"epoch":1,"deadlineMs":-1}'],
    ['an unknown field', '{"epoch":1,"deadlineMs":1,"x":1}'],
  ])('answers 400 to a hold with %s', async (_name, body) => {
    const gateway = await parts.gateway();
    const answer = await rawExchange(
      Number(new URL(gateway.controlUrl).port),
      `PUT /hold HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${TEST_TOKEN}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*MALFORMED/);
  });

  it('shows the whole state', async () => {
    const blue = await parts.upstream((_request, response) => response.end());
    const gateway = await parts.gateway({ blue: blue.url });
    await gateway.stage(1, 'green');
    await gateway.hold(1, 90_000);
    let state = await gateway.state();
    // The side is asked in the background.
    while ((state['ready'] as { blue: boolean }).blue === false) state = await gateway.state();
    expect(state).toMatchObject({
      epoch: 0,
      mode: 'hold',
      weights: { blue: 1, green: 0 },
      inFlight: 0,
      parked: 0,
      staged: { epoch: 1 },
      highestEpoch: 1,
      hold: { epoch: 1, deadlineMs: 90_000 },
      doubt: null,
      ready: { blue: true, green: false },
    });
  });

  it('says nothing of a cookie where it has no keys, and takes nothing for one that is none', async () => {
    const gateway = await parts.gateway();
    const cookie = { side: 'green', name: 'session', value: 'x' };
    expect(await gateway.control('POST', '/keys/cookie', cookie)).toEqual({ status: 200, body: { opens: null } });
    for (const wrong of [{ ...cookie, side: 'red' }, { ...cookie, value: 'x'.repeat(5_000) }, { side: 'green' }])
      expect(await gateway.control('POST', '/keys/cookie', wrong)).toMatchObject({ status: 400 });
  });

  it('counts requests by listener, side and status class, and shows gauges', async () => {
    const blue = await parts.upstream((request, response) => {
      response.writeHead(request.url === '/404' ? 404 : 200).end();
    });
    const gateway = await parts.gateway({ blue: blue.url });
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    await rawExchange(gateway.publicPort, get('/a'));
    await rawExchange(gateway.publicPort, get('/404'));
    await rawExchange(gateway.adminPort, get('/a'));
    const response = await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } });
    const text = await response.text();
    expect(response.headers.get('content-type')).toContain('text/plain');
    for (const line of [
      'gateway_requests_total{listener="public",side="blue",status="2xx"} 1',
      'gateway_requests_total{listener="public",side="blue",status="4xx"} 1',
      'gateway_requests_total{listener="admin",side="blue",status="2xx"} 1',
      'gateway_request_duration_seconds_count{listener="public"} 2',
      'gateway_in_flight 0',
      'gateway_parked 0',
      'gateway_epoch 0',
      'gateway_mode{mode="pass"} 1',
      'gateway_side_ready{side="green"} 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('says alive and ready without a token', async () => {
    const gateway = await parts.gateway();
    for (const path of ['/health/alive', '/health/ready']) {
      const response = await fetch(gateway.controlUrl + path, { headers: { Connection: 'close' } });
      expect(response.status).toBe(200);
      await response.text();
    }
  });
});
