import { request } from 'undici';
import { keyLine } from '../../../gateway/node/derived-keys';
import { freePort } from '../../../world/net/free-port';
import {
  type Authorization,
  OauthHttp,
  adminLoginApp,
  authorize,
  createOauthClient,
  type LoginApp,
  type OauthClient,
} from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { useParts } from '../../unit/gateway/support/fixture';
import { migrateTo230, withClone } from '../world/seeder/clone';

const SYSTEM = 'system-secret-of-both-sides';
/** The one in use, and one that was in use before it. */
const FLOW_KEYS = { GATEWAY_FLOW_KEYS: keyLine('flows', { SECRETS_SYSTEM: `a-newer-system-secret,${SYSTEM}` }) };
const BEGUN = ['login_challenge', 'login_verifier', 'consent_challenge', 'consent_verifier'] as const;

const database = useDatabase('hydra_2_2_0');
/** What a login at 2.2.0 was called at each of its four steps. */
const begun = new Map<string, string>();
let beganAt = '';
let issuer: string;
let client: OauthClient;

const hydraOf = (version: TestHydra['version'], config = database.config) =>
  startHydra({
    version,
    database: config,
    loginAppUrl: 'http://127.0.0.1:9',
    issuer,
    secretsSystem: SYSTEM,
    extra: {},
  });

/** Keeps the pages that it is led to, and where it leads. */
function noting(loginApp: LoginApp): LoginApp {
  const note = (url: URL | undefined) => {
    for (const kind of BEGUN) {
      const value = url?.searchParams.get(kind);
      if (value) begun.set(kind, value);
    }
    return url;
  };
  return { ...loginApp, visit: async (page, browser) => note(await loginApp.visit(note(page) ?? page, browser)) };
}

beforeAll(async () => {
  issuer = `https://127.0.0.1:${await freePort()}/`;
  const blue = await hydraOf('2.2.0');
  const http = new OauthHttp(blue, { forwardedProto: true });
  client = await createOauthClient(http);
  await authorize(http, { client, loginApp: noting(adminLoginApp(http, { subject: 'user', remember: true })) });
  const page = await request(
    `${blue.adminUrl}/admin/oauth2/auth/requests/login?login_challenge=${encodeURIComponent(begun.get('login_challenge') ?? '')}`,
    { headers: { 'x-forwarded-proto': 'https' } },
  );
  beganAt = ((await page.body.json()) as { request_url: string }).request_url;
  await http.close();
  await blue.stop();
});

describe('a login that was begun at 2.2.0, at 2.3.0', () => {
  const parts = useParts();

  /** What a gateway before a real 2.3.0 answers at each of the four steps; and a whole login that begins there. */
  async function atGreen(environment: NodeJS.ProcessEnv) {
    return withClone(database.config.database, async (clone) => {
      expect((await migrateTo230(clone)).applied).toBe(true);
      const green = await hydraOf('2.3.0', clone.config);
      try {
        const gateway = await parts.gateway({
          config: {
            sides: {
              blue: { publicUrl: 'http://127.0.0.1:1', adminUrl: 'http://127.0.0.1:1', apiGeneration: 2 },
              green: { publicUrl: green.publicUrl, adminUrl: green.adminUrl, apiGeneration: 2 },
            },
            staleChallenges: { readFlows: environment['GATEWAY_FLOW_KEYS'] !== undefined },
          },
          environment,
        });
        await gateway.stage(1, 'green');
        await gateway.apply(1);
        await gateway.until({ epoch: 1 });
        const answers = [];
        for (const kind of BEGUN) answers.push(await answerTo(gateway, kind));
        const { publicUrl, adminUrl } = gateway;
        const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix: '/admin', issuer });
        const whole = await authorize(http, { client, loginApp: adminLoginApp(http, { subject: 'another' }) });
        await http.close();
        return { answers, whole };
      } finally {
        await green.stop();
      }
    });
  }

  async function answerTo(at: { readonly publicUrl: string; readonly adminUrl: string }, kind: (typeof BEGUN)[number]) {
    const query = new URLSearchParams({ [kind]: begun.get(kind) ?? 'none' }).toString();
    const url = kind.endsWith('challenge')
      ? `${at.adminUrl}/admin/oauth2/auth/requests/${kind.split('_')[0]}?${query}`
      : `${at.publicUrl}/oauth2/auth?client_id=${client.id}&${query}`;
    const { statusCode, headers, body } = await request(url);
    return { kind, statusCode, location: headers.location, text: await body.text() };
  }

  const isComplete = ({ code }: Authorization) => code.length > 0;

  it('begins anew where it first began, at whichever step it is', async () => {
    expect([...begun.keys()]).toEqual([...BEGUN]);
    const { answers, whole } = await atGreen(FLOW_KEYS);
    expect(beganAt).toContain('/oauth2/auth?client_id=');
    expect(answers.map(({ kind, statusCode }) => [kind, statusCode])).toEqual([
      ['login_challenge', 410],
      ['login_verifier', 302],
      ['consent_challenge', 410],
      ['consent_verifier', 302],
    ]);
    for (const { text, location } of answers)
      expect(location ?? (JSON.parse(text) as { redirect_to: string }).redirect_to).toBe(beganAt);
    expect(isComplete(whole)).toBe(true);
  });

  it.each([
    ['fit', FLOW_KEYS],
    ['foreign', { GATEWAY_FLOW_KEYS: keyLine('flows', { SECRETS_SYSTEM: 'not-this-hydras-secret' }) }],
  ])('shows at 2.2.0 already whether the keys are those of its secrets: %s', async (verdict, environment) => {
    const blue = await hydraOf('2.2.0');
    try {
      const { publicUrl, adminUrl } = blue;
      const side = { publicUrl, adminUrl, apiGeneration: 2 };
      const config = { sides: { blue: side, green: side }, staleChallenges: { readFlows: true } };
      const gateway = await parts.gateway({ config, environment });
      const keys = async () => (await gateway.state())['keys'];
      expect(await keys()).toEqual({ 'flows-in-challenges': 'unseen' });
      const query = new URLSearchParams({ client_id: client.id, response_type: 'code', state: '0123456789' });
      const { headers } = await request(`${gateway.publicUrl}/oauth2/auth?${query.toString()}`);
      expect(headers.location).toContain('login_challenge=');
      expect(await keys()).toEqual({ 'flows-in-challenges': verdict });
    } finally {
      await blue.stop();
    }
  });

  it('ends without the keys, or with those of another Hydra', async () => {
    for (const environment of [
      {},
      { GATEWAY_FLOW_KEYS: keyLine('flows', { SECRETS_SYSTEM: 'not-this-hydras-secret' }) },
    ]) {
      const { answers, whole } = await atGreen(environment);
      expect(answers.map(({ kind, statusCode }) => [kind, statusCode])).toMatchObject([
        ['login_challenge', 404],
        ['login_verifier', 303],
        ['consent_challenge', 404],
        ['consent_verifier', expect.any(Number)],
      ]);
      expect(answers.every(({ location }) => location !== beganAt)).toBe(true);
      expect(isComplete(whole)).toBe(true);
    }
  });
});
