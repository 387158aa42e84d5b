import { beforeLeftStops } from '../../../activities/support/before-left-stops';
import { CallerWatch } from '../../../activities/callers/caller-watch';
import { type StepDeps } from '../../../activities/step';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { HttpHydraApi } from '../../../adapters/hydra-api';
import { guardTables, installArbiter } from '../../../hydra/arbiter';
import { installCapture } from '../../../hydra/capture';
import { copyPathOf } from '../../../hydra/paths';
import {
  adminLoginApp,
  createOauthClient,
  grantTokens,
  introspectToken,
  OauthHttp,
  refreshTokens,
  revokeToken,
} from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { SETTINGS, stepContext } from '../activities/green-fixture';
import { useParts } from '../../unit/gateway/support/fixture';
import { RawClient } from '../../unit/gateway/support/sockets';
import { TEST_TOKEN } from '../../unit/gateway/support/test-gateway';
import { FORWARD } from '../../../domain/sides';

const database = useDatabase('hydra_1_11_10');

describe('a caller of a real Hydra that goes past the gateway', () => {
  const parts = useParts();
  const opened: { close(): Promise<unknown> }[] = [];
  let hydra: TestHydra;
  beforeAll(async () => {
    hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl: 'http://127.0.0.1:9' });
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });
  afterAll(() => hydra.stop());

  it('is found in the change log and in what Hydra counts; who goes through it, and this worker, are not', async () => {
    const { publicUrl, adminUrl, issuer, adminPrefix } = hydra;
    const blue = await database.connect();
    await installArbiter(blue, { side: 'blue', cutoverId: 'test', initialState: 'open' });
    await guardTables(blue);
    await installCapture(copyPathOf(SETTINGS.hydraVersion), blue);
    const side = { publicUrl, adminUrl, apiGeneration: 1 as const };
    const edge = await parts.gateway({ config: { sides: { blue: side, green: side } } });
    const gateway = new HttpGateway({ name: 'edge', controlUrl: edge.controlUrl, token: () => TEST_TOKEN });
    const api = new HttpHydraApi({ sides: { blue: side, green: side } });
    const through = new OauthHttp(
      {
        publicUrl: `http://127.0.0.1:${edge.publicPort}`,
        adminUrl: `http://127.0.0.1:${edge.adminPort}`,
        ...{ issuer, adminPrefix },
      },
      { forwardedProto: true },
    );
    const past = new OauthHttp({ publicUrl, adminUrl, issuer, adminPrefix }, { forwardedProto: true });
    opened.push(gateway, api, through, past);
    const deps = { gateways: [gateway], hydra: api, settings: SETTINGS, direction: FORWARD } as unknown as StepDeps;
    const watch = new CallerWatch(deps, blue);
    expect(await watch.look()).toBeUndefined();

    const client = await createOauthClient(through);
    const loginApp = adminLoginApp(through, { subject: 'ada' });
    const { tokens } = await grantTokens(through, { client, loginApp });
    const rotated = await refreshTokens(through, client, tokens.refreshToken ?? '');
    // Asked twice by the gateway, because the answer is "not active".
    expect((await introspectToken(through, 'nobody-has-it')).active).toBe(false);
    const left = await RawClient.connect(edge.publicPort);
    left.send('GET /userinfo HTTP/1.1\r\nHost: x\r\n\r\n').destroy();
    await api.withSyntheticTokens('blue', async () => undefined);
    expect(await watch.look()).toMatchObject({ beyond: [], unknown: [] });

    const again = await refreshTokens(past, client, rotated.refreshToken ?? '');
    await introspectToken(past, again.accessToken);
    await revokeToken(past, client, again.refreshToken ?? '');
    const seen = await watch.look();
    expect(seen?.unknown).toEqual([]);
    expect(seen?.beyond).toEqual([
      { by: 'change log', what: 'tokens issued', count: 1 },
      { by: 'Hydra', what: 'token', count: 1 },
      { by: 'Hydra', what: 'revocation', count: 1 },
      { by: 'Hydra', what: 'introspection', count: 1 },
    ]);
    // And nobody afterwards.
    await refreshTokens(through, client, rotated.refreshToken ?? '').catch(() => undefined);
    expect(await watch.look()).toMatchObject({ beyond: [], unknown: [] });

    // Between flip and stop of blue it is found again: one that still asks there would read what is over.
    let isOver = false;
    const stopping = beforeLeftStops(deps, stepContext(), { watchMs: 500 }).finally(() => (isOver = true));
    while (!isOver) await introspectToken(past, again.accessToken);
    expect(await stopping).toMatchObject({
      silent: [],
      callers: { beyond: [{ by: 'Hydra', what: 'introspection', count: expect.any(Number) as number }], unknown: [] },
    });
    const calm = await beforeLeftStops(deps, stepContext(), { watchMs: 0 });
    expect(calm.callers).toMatchObject({ beyond: [], unknown: [] });
    await blue.query('DROP SCHEMA hydra_cutover, hydra_cutover_asks, hydra_cutover_barrier CASCADE');
  });
});
