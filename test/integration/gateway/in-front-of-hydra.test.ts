import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { useParts } from '../../unit/gateway/support/fixture';
import { RawClient, rawExchange } from '../../unit/gateway/support/sockets';

/** More than a gateway has connections for, by default. */
const STALLED = 300;
const database = useDatabase('hydra_1_11_10');

describe('in front of a real 1.11.10', () => {
  const parts = useParts();
  let hydra: TestHydra;
  beforeAll(async () => {
    hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl: 'http://127.0.0.1:9' });
  });
  afterAll(() => hydra.stop());

  const front = () => {
    const side = { publicUrl: hydra.publicUrl, adminUrl: hydra.adminUrl };
    return parts.gateway({
      config: { sides: { blue: { ...side, apiGeneration: 1 }, green: { ...side, apiGeneration: 1 } } },
    });
  };

  it('hundreds of clients that stall keep nobody waiting, and a hold waits for none of them', async () => {
    const gateway = await front();
    const stalled: RawClient[] = [];
    for (let index = 0; index < STALLED; index += 1) {
      const client = await RawClient.connect(gateway.publicPort);
      stalled.push(client.send('POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n'));
    }
    await gateway.until({ receiving: STALLED });
    const get = 'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await rawExchange(gateway.publicPort, get)).toMatch(/^HTTP\/1\.1 200 /);
    await gateway.stage(1, 'green');
    expect(await gateway.hold(1)).toMatchObject({ status: 200, body: { holding: true, inFlight: 0, parked: 0 } });
    expect(stalled.filter(({ isClosed }) => isClosed)).toEqual([]);
    stalled[0]?.send('x'.repeat(100));
    await gateway.until({ parked: 1 });
    await gateway.revert(1);
    expect(await stalled[0]?.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 40[01] /);
    for (const client of stalled) client.destroy();
  });

  it.each(['\u017e', 'a%20\u00e9', '\u65e5\u672c'])(
    'a login hint of raw bytes (%s) is taken as Hydra alone takes it',
    async (hint) => {
      const gateway = await front();
      const get = Buffer.from(
        `GET /oauth2/auth?client_id=nobody&login_hint=${hint} HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`,
      );
      const statusOf = (answer: string) => answer.split('\r\n', 1)[0];
      const alone = statusOf(await rawExchange(Number(new URL(hydra.publicUrl).port), get));
      expect(alone).toBe('HTTP/1.1 302 Found');
      expect(statusOf(await rawExchange(gateway.publicPort, get))).toBe(alone);
    },
  );
});
