import { clientCredentials, createOauthClient, OauthHttp } from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { useParts } from '../../unit/gateway/support/fixture';

/** More connections than the gateway lets go at once, and far fewer than requests that were held. */
const CONNECTIONS = 20;
const AT_ONCE = 8;
const HELD = 200;
const PATIENCE_MS = 240_000;
/** Nobody is answered meanwhile: every connection waits for another one. */
const STILL_MS = 5_000;
const SECRET = 'secret-of-the-machine';

describe('2.3.0 after a long hold', () => {
  const database = useDatabase('hydra_2_3_0');
  const parts = useParts();
  let hydra: TestHydra;

  beforeAll(async () => {
    const { user, password, host, port, database: name } = database.config;
    const server = `postgres://${user}:${String(password)}@${host}:${port}/${name}?sslmode=disable`;
    hydra = await startHydra({
      version: '2.3.0',
      database: database.config,
      loginAppUrl: 'http://127.0.0.1:9',
      // Its own key signs such a token: to read it the request takes a second connection.
      extra: { DSN: `${server}&max_conns=${CONNECTIONS}`, STRATEGIES_ACCESS_TOKEN: 'jwt' },
    });
    const http = new OauthHttp(hydra);
    const machine = await createOauthClient(http, { id: 'machine', secret: SECRET });
    await clientCredentials(http, machine); // makes the key, which an upgraded Hydra has
    await http.close();
  });
  afterAll(() => hydra.stop());

  /** @returns how many token requests were granted after a hold, when so many are let go at once */
  async function granted(releaseAtOnce: number, responseTimeoutMs: number): Promise<number> {
    const side = { publicUrl: hydra.publicUrl, adminUrl: hydra.adminUrl, apiGeneration: 2 };
    const gateway = await parts.gateway({
      config: { sides: { blue: side, green: side }, hold: { releaseAtOnce }, upstream: { responseTimeoutMs } },
    });
    await gateway.stage(1, 'green');
    await gateway.hold(1);
    const asked = Array.from({ length: HELD }, async () => {
      const answer = await fetch(`${gateway.publicUrl}/oauth2/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${btoa(`machine:${SECRET}`)}`, Connection: 'close' },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      await answer.text();
      return answer.status;
    });
    await gateway.until({ parked: HELD });
    expect(await gateway.apply(1)).toMatchObject({ status: 200 });
    return (await Promise.all(asked)).filter((status) => status === 200).length;
  }

  it('grants all that waited where they are let go a few at a time, and stands still where all are', async () => {
    expect(await granted(AT_ONCE, PATIENCE_MS)).toBe(HELD);
    expect(await granted(HELD, STILL_MS)).toBeLessThan(HELD);
  });
});
