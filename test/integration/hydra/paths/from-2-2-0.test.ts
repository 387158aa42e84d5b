import { openSide } from '../../../../hydra/arbiter';
import { compareLedger } from '../../../../hydra/capture';
import { compareWithExpected, compareSides, keepExpected } from '../../../../hydra/parity';
import { copyPathOf } from '../../../../hydra/paths';
import { syncRound } from '../../../../hydra/sync';
import { compareAnswers, chooseSubjects, consentOrigins, listedConsents } from '../../../../hydra/validation';
import {
  Browser,
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
import { type TestDatabase, useDatabase } from '../../../support/database';
import { type TestHydra, startHydra } from '../../../support/hydra';
import { ask } from '../../../support/nasty-population';
import { migrateTo230, templateOf, withClone } from '../../world/seeder/clone';
import { SyncWorld } from '../sync/sync-world';

const PATH = copyPathOf({ blue: '2.2.0', green: '2.3.0' });
const LOGIN_APP = 'http://127.0.0.1:9';
const database = useDatabase('hydra_2_2_0');
let world: SyncWorld;

beforeAll(() => (world = new SyncWorld(database.config, PATH)));
afterAll(() => world.close());

it('carries what real clients got from 2.2.0 after the snapshot, every row equal, and 2.3.0 answers as 2.2.0 did', async () => {
  await world.capture();
  const early = await start('2.2.0', database.config);
  const client = await createOauthClient(early.http);
  const first = await grantTokens(early.http, {
    client,
    loginApp: adminLoginApp(early.http, { subject: 'pat', remember: true }),
  });
  await early.stop();
  await world.snapshot();
  const old = await start('2.2.0', database.config);
  const as = (subject: string) => ({ client, loginApp: adminLoginApp(old.http, { subject, remember: true }) });
  const chain = await grantTokens(old.http, as('ann'));
  const [revoked, removed] = [await grantTokens(old.http, as('bob')), await grantTokens(old.http, as('cid'))];
  const sync = await world.openSync();
  await syncRound(sync, { batchRows: 20 });
  const rotated = await refreshTokens(old.http, client, chain.tokens.refreshToken ?? '');
  await revokeToken(old.http, client, revoked.tokens.refreshToken ?? '');
  await revokeConsents(old.http, 'cid');
  const code = await authorize(old.http, as('dan'));
  const underWay = await beginLogins(old, client);
  expect(await syncRound(sync, { batchRows: 20 })).toMatchObject({ backlog: 0 });

  const compared = await compareSides(PATH, sync.from, await world.connect('green'), { batchRows: 50 });
  expect(compared).toMatchObject({ differences: 0, examples: [] });
  expect(compared.tables.hydra_oauth2_flow?.from).toBe(4);
  expect(await compareLedger(sync.from, sync.to)).toMatchObject({ missing: 0, unknown: 0 });
  const { consents } = PATH;
  const chosen = await chooseSubjects(consents, sync.from, 50);
  expect(chosen).toEqual(expect.arrayContaining(['ann', 'bob', 'dan']));
  const listed = await listedConsents(consents, sync.from, ['ann', 'cid']);
  expect([...listed.keys()]).toEqual(['ann']);
  const ids = listed.get('ann')?.map(({ consentId }) => consentId) ?? [];
  const origins = await consentOrigins(consents, sync.from, ids);
  expect([...origins.keys()]).toEqual(ids);
  const [origin] = [...origins.values()];
  expect([typeof origin?.loginChallenge, typeof origin?.loginSession]).toEqual(['string', 'string']);
  const asked = {
    clients: [client.id],
    subjects: ['pat', 'ann', 'bob', 'cid', 'dan'],
    accessTokens: [first, chain, revoked, removed].map(({ tokens }) => tokens.accessToken),
    redirects: 0,
  };
  const answered = await ask(old.http, asked);
  await old.stop();
  expect(await world.rows('green')).toEqual(await world.rows(await world.migratedCopy()));

  const admin = await world.connect('green');
  await openSide(admin, 1, 2_000);
  const fresh = await start('2.3.0', { ...database.config, database: world.green });
  const now = await ask(fresh.http, asked);
  const differing = [...answered].flatMap(([about, { question, answer }]) =>
    compareAnswers(PATH.differences, question, answer, now.get(about)?.answer).map(
      ({ kind, path }) => `${about}: ${path} ${kind}`,
    ),
  );
  expect(differing).toEqual([]);
  const active = async (token: string | undefined) => (await introspectToken(fresh.http, token ?? '')).active;
  expect({
    rotated: await active(rotated.accessToken),
    old: await active(chain.tokens.refreshToken),
    revoked: [await active(revoked.tokens.refreshToken), await active(revoked.tokens.accessToken)],
    removed: await active(removed.tokens.accessToken),
  }).toEqual({ rotated: true, old: false, revoked: [false, false], removed: false });
  const next = await refreshTokens(fresh.http, client, rotated.refreshToken ?? '');
  expect(await active(next.accessToken)).toBe(true);
  expect(await active((await exchangeCode(fresh.http, client, code)).refreshToken)).toBe(true);
  expect(await listConsents(fresh.http, 'ann')).toHaveLength(1);
  expect(await listConsents(fresh.http, 'cid')).toHaveLength(0);
  // Nothing that one of them has under way means anything to the other: docs/limits.md says so.
  expect(await askFor(fresh, 'login', underWay.login)).toBe(404);
  expect(await askFor(fresh, 'consent', underWay.consent)).toBe(404);
  expect(await goOn(fresh, underWay.loginVerifier)).toContain('error=access_denied');
  expect(await goOn(fresh, underWay.consentVerifier)).toBe('connection closed');
  await fresh.stop();
  await world.disconnect();
});

it('keeps of an unmigrated copy what its rows become', async () => {
  await withClone(templateOf('2.2.0'), async (clone) => {
    const hydra = await start('2.2.0', clone.config);
    const client = await createOauthClient(hydra.http);
    for (const subject of ['pat', 'ann']) {
      await grantTokens(hydra.http, { client, loginApp: adminLoginApp(hydra.http, { subject, remember: true }) });
    }
    await hydra.stop();
    await clone.client.query('CREATE SCHEMA hydra_cutover');
    const kept = await keepExpected(PATH, clone.client);
    expect(kept.hydra_oauth2_flow).toBe(2);
    expect((await migrateTo230(clone)).applied).toBe(true);
    expect(await compareWithExpected(PATH, clone.client)).toMatchObject({ differences: 0, examples: [] });
    await clone.client.query(`UPDATE hydra_oauth2_flow SET subject = 'another' WHERE login_challenge =
      (SELECT max(login_challenge) FROM hydra_oauth2_flow)`);
    expect(await compareWithExpected(PATH, clone.client)).toMatchObject({ differences: 1 });
  });
});

interface Started {
  readonly hydra: TestHydra;
  readonly http: OauthHttp;
  readonly stop: () => Promise<void>;
}

async function start(version: '2.2.0' | '2.3.0', config: TestDatabase['config']): Promise<Started> {
  const hydra = await startHydra({ version, database: config, loginAppUrl: LOGIN_APP });
  const http = new OauthHttp(hydra, { forwardedProto: true });
  const stop = async (): Promise<void> => {
    await http.close();
    await hydra.stop();
  };
  return { hydra, http, stop };
}

/** A login that got as far as each of its stages, by what names it there. */
async function beginLogins({ http }: Started, client: { readonly id: string; readonly redirectUri: string }) {
  const begin = async () => {
    const browser = new Browser(http);
    const url = http.publicUrl('/oauth2/auth', {
      ...{ client_id: client.id, response_type: 'code', scope: 'openid', redirect_uri: client.redirectUri },
      state: 'of-a-login-under-way',
    });
    return { browser, at: await next(browser, url) };
  };
  const login = await begin();
  const answered = await begin();
  const loginApp = adminLoginApp(http, { subject: 'eve', remember: true });
  const loggedIn = await loginApp.visit(answered.at, answered.browser);
  const consenting = await begin();
  const consent = await next(consenting.browser, (await loginApp.visit(consenting.at, consenting.browser)) ?? raise());
  const granting = await begin();
  const asked = await next(granting.browser, (await loginApp.visit(granting.at, granting.browser)) ?? raise());
  const granted = await loginApp.visit(asked, granting.browser);
  return {
    login: login.at.searchParams.get('login_challenge') ?? '',
    consent: consent.searchParams.get('consent_challenge') ?? '',
    loginVerifier: { browser: answered.browser, url: loggedIn ?? raise() },
    consentVerifier: { browser: granting.browser, url: granted ?? raise() },
  };
}

async function next(browser: Browser, url: URL): Promise<URL> {
  const { headers } = await browser.get('begin', url);
  return new URL(String(headers['location']));
}

function raise(): never {
  throw new Error('the login app knows no such page');
}

async function askFor({ hydra }: Started, of: 'login' | 'consent', challenge: string): Promise<number> {
  const query = new URLSearchParams({ [`${of}_challenge`]: challenge });
  const { status } = await fetch(`${hydra.adminUrl}/admin/oauth2/auth/requests/${of}?${query.toString()}`);
  return status;
}

/** @returns where the browser is sent, with the cookies that blue gave it */
async function goOn(
  { http, hydra }: Started,
  under: { readonly browser: Browser; readonly url: URL },
): Promise<string> {
  const url = new URL(under.url.pathname + under.url.search, hydra.publicUrl);
  const cookie = under.browser.cookies.header(under.url) ?? '';
  expect(cookie).not.toBe('');
  try {
    const { headers } = await http.send({ operation: 'go on', method: 'GET', url, headers: { cookie } });
    return String(headers['location']);
  } catch (error) {
    expect(error).toMatchObject({ code: 'HYDRA_UNREACHABLE' });
    return 'connection closed';
  }
}
