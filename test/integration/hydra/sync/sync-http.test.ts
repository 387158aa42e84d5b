import { syncRound } from '../../../../hydra/sync';
import {
  OauthHttp,
  adminLoginApp,
  authorize,
  createOauthClient,
  exchangeCode,
  grantTokens,
  introspectToken,
  listConsents,
  refreshTokens,
  revokeConsents,
  revokeToken,
} from '../../../../world/oauth';
import { openSide } from '../../../../hydra/arbiter';
import { useDatabase } from '../../../support/database';
import { startHydra } from '../../../support/hydra';
import { SyncWorld } from './sync-world';

const database = useDatabase('hydra_1_11_10');
const LOGIN_APP = 'http://127.0.0.1:9';
let world: SyncWorld;

beforeAll(() => (world = new SyncWorld(database.config)));
afterAll(() => world.close());

it('lets what real clients got from 1.11.10 after the snapshot go on at 2.3.0: codes, chains, revocations', async () => {
  await world.capture();
  await world.snapshot();
  const old = await startHydra({
    version: '1.11.10',
    database: database.config,
    loginAppUrl: LOGIN_APP,
  });
  const onBlue = new OauthHttp(old, { forwardedProto: true });
  const sync = await world.openSync();
  const client = await createOauthClient(onBlue);
  const as = (subject: string) => ({ client, loginApp: adminLoginApp(onBlue, { subject, remember: true }) });
  const chain = await grantTokens(onBlue, as('ann'));
  const [revoked, removed] = [await grantTokens(onBlue, as('bob')), await grantTokens(onBlue, as('cid'))];
  await syncRound(sync, { batchRows: 20 });
  const rotated = await refreshTokens(onBlue, client, chain.tokens.refreshToken ?? '');
  await revokeToken(onBlue, client, revoked.tokens.refreshToken ?? '');
  await revokeConsents(onBlue, 'cid');
  const code = await authorize(onBlue, as('dan'));
  expect(await syncRound(sync, { batchRows: 20 })).toMatchObject({ backlog: 0 });
  await onBlue.close();
  await old.stop();

  const admin = await world.connect('green');
  await openSide(admin, 1, 2_000);
  const green = { ...database.config, database: world.green };
  const fresh = await startHydra({ version: '2.3.0', database: green, loginAppUrl: LOGIN_APP });
  const onGreen = new OauthHttp(fresh, { forwardedProto: true });
  const active = async (token: string | undefined) => (await introspectToken(onGreen, token ?? '')).active;
  expect(await active(rotated.accessToken)).toBe(true);
  expect(await active(chain.tokens.refreshToken)).toBe(false);
  expect(await active(revoked.tokens.refreshToken)).toBe(false);
  expect(await active(revoked.tokens.accessToken)).toBe(false);
  expect(await active(removed.tokens.accessToken)).toBe(false);
  const next = await refreshTokens(onGreen, client, rotated.refreshToken ?? '');
  expect(await active(next.accessToken)).toBe(true);
  const redeemed = await exchangeCode(onGreen, client, code);
  expect(await active(redeemed.refreshToken)).toBe(true);
  expect(await listConsents(onGreen, 'ann')).toHaveLength(1);
  expect(await listConsents(onGreen, 'cid')).toHaveLength(0);
  await onGreen.close();
  await fresh.stop();
  await world.disconnect();
});
