import { parseGatewayTraffic } from '../../../../adapters/metrics';
import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';

describe('answers of the sides', () => {
  const parts = useParts();

  it('are counted by side, endpoint, grant and error, and reach the client as they came', async () => {
    const side = (status: number, body: string) =>
      parts.upstream((request, response) => {
        request.resume();
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
      });
    const [blue, green] = [await side(400, '{"error":"invalid_grant"}'), await side(200, '{"access_token":"x"}')];
    const gateway = await parts.gateway({ blue: blue.url, green: green.url });
    const refresh = async () => {
      const body = 'grant_type=refresh_token&refresh_token=x';
      return rawExchange(
        gateway.publicPort,
        `POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    };
    expect(await refresh()).toMatch(/^HTTP\/1\.1 400 [^]*{"error":"invalid_grant"}/);
    await gateway.stage(1, 'green');
    await gateway.apply(1);
    expect(await refresh()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await refresh()).toMatch(/^HTTP\/1\.1 200 /);
    const metrics = await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } });
    const token = { endpoint: 'token', grant: 'refresh_token' };
    expect(parseGatewayTraffic(await metrics.text()).answers).toEqual([
      { ...token, side: 'blue', outcome: 'invalid_grant', count: 1 },
      { ...token, side: 'green', outcome: 'ok', count: 2 },
    ]);
  });
});
