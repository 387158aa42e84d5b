import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { applyRules } from '../../../hydra/cleaning';
import { cookieKeyLine } from '../../../gateway/node/cookie-keys';
import { repairStates } from '../../../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { freePort } from '../../../world/net/free-port';
import {
  Browser,
  OauthHttp,
  adminLoginApp,
  authorize,
  createOauthClient,
  exchangeCode,
  introspectToken,
  logout,
  type OauthClient,
} from '../../../world/oauth';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra, type TestHydraOptions } from '../../support/hydra';
import { sharedServers } from '../../support/shared-servers';
import { useParts } from '../../unit/gateway/support/fixture';
import { PATH } from '../../support/path';

const LOGIN_APP = 'http://127.0.0.1:9';
const SYSTEM = 'system-secret-of-both-sides';
const COOKIE = 'cookie-secret-of-both-sides';
/** Hydra 1.x takes the second for a block key, so it has to be as long as one. */
const COOKIE_PAIR = `${COOKIE},0123456789abcdef0123456789abcdef`;
const keys = (secrets: Record<string, string>) => ({ GATEWAY_COOKIE_KEYS: cookieKeyLine(secrets) });
/** How Hydra is told its secrets, and the gateway what follows from them. */
const SECRETS: Readonly<Record<string, { hydra: Record<string, string>; gateway: Record<string, string> }>> = {
  'secrets.system alone': { hydra: {}, gateway: keys({ SECRETS_SYSTEM: SYSTEM }) },
  'secrets.cookie': { hydra: { SECRETS_COOKIE: COOKIE }, gateway: keys({ SECRETS_COOKIE: COOKIE }) },
  'two secrets.cookie': { hydra: { SECRETS_COOKIE: COOKIE_PAIR }, gateway: keys({ SECRETS_COOKIE: COOKIE_PAIR }) },
};

const database = useDatabase('hydra_1_11_10');
const signedOn = new Map<string, string>();
let issuer: string;
let client: OauthClient;

async function withHydra(
  version: TestHydra['version'],
  extra: TestHydraOptions['extra'],
  work: (hydra: TestHydra) => Promise<void>,
): Promise<void> {
  const hydra = await startHydra({
    version,
    database: database.config,
    loginAppUrl: LOGIN_APP,
    issuer,
    secretsSystem: SYSTEM,
    extra: { ...extra },
  });
  try {
    await work(hydra);
  } finally {
    await hydra.stop();
  }
}

/** Users sign on at a real 1.11.10, whose database then goes through the vendor's migration. */
beforeAll(async () => {
  issuer = `https://127.0.0.1:${await freePort()}/`;
  for (const [name, { hydra: extra }] of Object.entries(SECRETS)) {
    await withHydra('1.11.10', extra, async (blue) => {
      const http = new OauthHttp(blue, { forwardedProto: true });
      client ??= await createOauthClient(http);
      const browser = new Browser(http);
      await authorize(http, { client, browser, loginApp: adminLoginApp(http, { subject: name, remember: true }) });
      signedOn.set(name, browser.cookies.header(new URL(issuer)) ?? '');
      await http.close();
    });
  }
  const admin = await database.connect();
  await applyRules(PATH, admin, { asOf: new Date().toISOString(), archiveSchema: 'cleaned' });
  const { host, port, user, password, database: name } = database.config;
  await promisify(execFile)(sharedServers().binaries.hydra230, ['migrate', 'sql', 'up', '-e', '-y'], {
    env: {
      PATH: process.env['PATH'],
      DSN: `postgres://${user}:${password}@${host}:${port}/${name}?sslmode=disable`,
      SQA_OPT_OUT: 'true',
    },
  });
  await repairStates(admin);
});

interface User {
  readonly http: OauthHttp;
  readonly browser: Browser;
  /** Asks for another code without a page, as a client's hidden frame does. @returns whose token came of it */
  readonly silently: () => Promise<string | undefined>;
}

describe('a user who signed on at 1.11.10', () => {
  const parts = useParts();
  /** The browser of the user `name` before a gateway whose green serves. */
  async function atGreen(name: string, green: TestHydra, environment: Record<string, string>): Promise<User> {
    const translate = Object.keys(environment).length > 0;
    const gateway = await parts.gateway({
      config: {
        sides: {
          blue: { publicUrl: 'http://127.0.0.1:1', adminUrl: 'http://127.0.0.1:1', apiGeneration: 1 },
          green: { publicUrl: green.publicUrl, adminUrl: green.adminUrl, apiGeneration: 2 },
        },
        sessionCookies: { translate },
      },
      environment,
    });
    await gateway.stage(1, 'green');
    await gateway.apply(1);
    await gateway.until({ epoch: 1 });
    const { publicUrl, adminUrl } = gateway;
    const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix: '', issuer });
    await parts.keep(Promise.resolve(http));
    const browser = new Browser(http);
    browser.cookies.store(
      new URL(issuer),
      (signedOn.get(name) ?? '').split('; ').map((cookie) => `${cookie}; Path=/`),
    );
    const loginApp = adminLoginApp(http, { subject: 'nobody' });
    const silently = async () => {
      const authorization = await authorize(http, { client, browser, loginApp, parameters: { prompt: 'none' } });
      const { accessToken } = await exchangeCode(http, client, authorization);
      return (await introspectToken(http, accessToken)).subject;
    };
    return { http, browser, silently };
  }

  describe.each(Object.entries(SECRETS))('with %s', (name, secrets) => {
    it('goes on at 2.3.0 with prompt=none, until a logout there', async () => {
      await withHydra('2.3.0', secrets.hydra, async (green) => {
        const { http, browser, silently } = await atGreen(name, green, secrets.gateway);
        expect(await silently()).toBe(name);
        expect(await silently()).toBe(name); // with whatever cookie green has set
        await logout(http, browser, adminLoginApp(http, { subject: name }));
        await expect(silently()).rejects.toMatchObject({ details: { oauthError: 'login_required' } });
      });
    });
  });

  it('is asked to log in without the translation, or with secrets that are not Hydra’s', async () => {
    const name = 'kept session';
    signedOn.set(name, signedOn.get('secrets.system alone') ?? '');
    await withHydra('2.3.0', {}, async (green) => {
      const wrong = keys({ SECRETS_SYSTEM: 'another-system-secret' });
      for (const environment of [{}, wrong]) {
        const { silently } = await atGreen(name, green, environment);
        await expect(silently()).rejects.toMatchObject({ details: { oauthError: 'login_required' } });
      }
    });
  });
});
