import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Client } from 'pg';
import { HttpCanaryUser } from '../../../adapters/canary-user';
import { CANARY_STEPS } from '../../../domain/ports/canary-user';
import { removeUserRows } from '../../../hydra/canary-user';
import { applyRules } from '../../../hydra/cleaning';
import { keyLine } from '../../../gateway/node/derived-keys';
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
import { rowsNaming } from '../../support/rows-naming';
import { sharedServers } from '../../support/shared-servers';
import { useParts } from '../../unit/gateway/support/fixture';
import { PATH } from '../../support/path';

const LOGIN_APP = 'http://127.0.0.1:9';
const SYSTEM = 'system-secret-of-both-sides';
const COOKIE = 'cookie-secret-of-both-sides';
/** Hydra 1.x takes the second for a block key, so it has to be as long as one. */
const COOKIE_PAIR = `${COOKIE},0123456789abcdef0123456789abcdef`;
const keys = (secrets: Record<string, string>) => ({ GATEWAY_COOKIE_KEYS: keyLine('cookies', secrets) });
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
/** Who logs in on blue and goes on at green, as an upgrade has him do. */
const CANARY = 'hydra-cutover-canary-of-a-test';
const CANARY_KEY = '0123456789abcdefghijklmnop';
let sealed = '';

let backChannelPort = 0;
let admin: Client;

/** @param at a Hydra of generation 1, or a gateway before any */
function canaryAt(at: { readonly publicUrl: string; readonly adminUrl: string }): HttpCanaryUser {
  return new HttpCanaryUser({
    gateway: { publicUrl: at.publicUrl, adminUrl: at.adminUrl },
    key: () => CANARY_KEY,
    backChannel: {
      url: `http://127.0.0.1:${backChannelPort}/logged-out`,
      host: '127.0.0.1',
      port: backChannelPort,
    },
  });
}

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
  backChannelPort = await freePort();
  for (const [name, { hydra: extra }] of Object.entries(SECRETS)) {
    await withHydra('1.11.10', extra, async (blue) => {
      const http = new OauthHttp(blue, { forwardedProto: true });
      client ??= await createOauthClient(http);
      const browser = new Browser(http);
      await authorize(http, { client, browser, loginApp: adminLoginApp(http, { subject: name, remember: true }) });
      signedOn.set(name, browser.cookies.header(new URL(issuer)) ?? '');
      await http.close();
      if (name !== 'secrets.system alone') return;
      const canary = canaryAt(blue);
      sealed = await canary.renewCode(CANARY, await canary.logIn(CANARY));
      await canary.close();
    });
  }
  admin = await database.connect();
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
  readonly gateway: { readonly publicUrl: string; readonly adminUrl: string };
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
    return { gateway, http, browser, silently };
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

  it('goes every step of the canary user at 2.3.0, and leaves nothing there', async () => {
    const { hydra, gateway: environment } = SECRETS['secrets.system alone'] ?? { hydra: {}, gateway: {} };
    await withHydra('2.3.0', hydra, async (green) => {
      const canary = canaryAt((await atGreen('secrets.system alone', green, environment)).gateway);
      for (const step of CANARY_STEPS) {
        const taken = await canary.take(step, CANARY, sealed);
        expect(taken).toEqual({ sealed: expect.any(String) as string });
        sealed = taken.sealed;
      }
      await expect(canary.take('session', CANARY, sealed)).rejects.toMatchObject({
        details: { oauthError: 'login_required' },
      });
      await canary.close();
    });
    expect(await rowsNaming(admin, 'public', CANARY)).not.toEqual([]);
    expect(await removeUserRows(admin, CANARY, { schema: 'public', side: 'green' })).toBe(0);
    expect(await rowsNaming(admin, 'public', CANARY)).toEqual([]);
  });
});
