import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HYDRA_VERSION_FACTS } from '../../../../hydra/versions';
import { createHydraDatabase, migrateHydra, withClient } from '../../../../world/hydra';
import {
  Browser,
  type OauthClient,
  OauthHttp,
  adminLoginApp,
  clientCredentials,
  createOauthClient,
  deleteOauthClient,
  grantTokens,
  introspectToken,
  listConsents,
  logout,
  refreshTokens,
  revokeConsents,
  revokeToken,
} from '../../../../world/oauth';
import { type HydraVersion } from '../../../../world/toolchain';
import { type TestDatabase, useDatabase } from '../../../support/database';
import { type TestHydra, startHydra } from '../../../support/hydra';
import { sharedServers } from '../../../support/shared-servers';

const databases: Partial<Record<HydraVersion, TestDatabase>> & Record<'1.11.10' | '2.3.0', TestDatabase> = {
  '1.11.10': useDatabase('hydra_1_11_10'),
  '2.3.0': useDatabase('hydra_2_3_0'),
};
const servers: TestHydra[] = [];
const clients: OauthHttp[] = [];
const https: Partial<Record<HydraVersion, OauthHttp>> = {};

beforeAll(async () => {
  for (const version of ['1.11.10', '2.3.0'] as const) {
    const hydra = await startHydra({ version, database: databases[version].config, loginAppUrl: 'http://127.0.0.1:9' });
    servers.push(hydra);
    const { publicUrl, adminUrl, adminPrefix, issuer } = hydra;
    const forwardedProto = HYDRA_VERSION_FACTS[version].needsForwardedProto;
    const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix, issuer }, { forwardedProto });
    clients.push(http);
    https[version] = http;
  }
});

afterAll(async () => {
  for (const client of clients) await client.close();
  for (const server of servers) await server.stop();
});

describe.each(['1.11.10', '2.3.0'] as const)('Hydra %s as the world launches it', (version) => {
  let http: OauthHttp;
  let web: OauthClient;

  beforeAll(async () => {
    const found = https[version];
    if (found === undefined) throw new Error('not started');
    http = found;
    web = await createOauthClient(http, { id: 'web' });
  });

  it('gives, refreshes, introspects and revokes the tokens of a grant', async () => {
    const { tokens } = await grantTokens(http, { client: web, loginApp: adminLoginApp(http, { subject: 'ada' }) });
    expect(tokens.idToken?.split('.')).toHaveLength(3);
    expect(await introspectToken(http, tokens.accessToken)).toEqual({
      active: true,
      subject: 'ada',
      clientId: 'web',
      scope: ['openid', 'offline_access'],
    });
    const next = await refreshTokens(http, web, tokens.refreshToken ?? '');
    expect((await introspectToken(http, tokens.accessToken)).active).toBe(false);
    await revokeToken(http, web, next.refreshToken ?? '');
    expect((await introspectToken(http, next.accessToken)).active).toBe(false);
    await expect(refreshTokens(http, web, next.refreshToken ?? '')).rejects.toMatchObject({ code: 'HYDRA_UNEXPECTED' });
  });

  it('serves public clients by PKCE, and confidential ones with their own credentials', async () => {
    const mobile = await createOauthClient(http, { id: 'mobile', public: true });
    const loginApp = adminLoginApp(http, { subject: 'grace' });
    const { tokens } = await grantTokens(http, { client: mobile, loginApp });
    expect((await introspectToken(http, tokens.accessToken)).clientId).toBe('mobile');
    expect((await introspectToken(http, (await clientCredentials(http, web)).accessToken)).active).toBe(true);
    await deleteOauthClient(http, 'mobile');
    expect((await introspectToken(http, tokens.accessToken)).active).toBe(false);
  });

  it('remembers login and consent in a browser until it logs out', async () => {
    const browser = new Browser(http);
    const loginApp = adminLoginApp(http, { subject: 'hedy', remember: true });
    const silent = { client: web, loginApp, browser, parameters: { prompt: 'none' } };
    await grantTokens(http, { client: web, loginApp, browser });
    expect(browser.cookies.names(http.publicUrl('/'))).toContain('oauth2_authentication_session');
    await expect(grantTokens(http, silent)).resolves.toBeDefined();
    expect((await logout(http, browser, loginApp)).pathname).toBe('/oauth2/fallbacks/logout/callback');
    await expect(grantTokens(http, silent)).rejects.toMatchObject({ details: { oauthError: 'login_required' } });
  });

  it('sends the client an error when the user refuses', async () => {
    for (const reject of ['login', 'consent'] as const) {
      const loginApp = adminLoginApp(http, { subject: 'joan', reject });
      await expect(grantTokens(http, { client: web, loginApp })).rejects.toMatchObject({
        details: { oauthError: 'access_denied' },
      });
    }
  });

  it('lists all consents of a subject over several pages, and none once they are revoked', async () => {
    const names = ['app-1', 'app-2', 'app-3', 'app-4'];
    for (const id of names) {
      const client = await createOauthClient(http, { id });
      await grantTokens(http, { client, loginApp: adminLoginApp(http, { subject: 'radia', remember: true }) });
      // Hydra's pages are only stable where they do not divide a second.
      if (id === 'app-2') await sleep(1_100);
    }
    const listed = (await listConsents(http, 'radia', { pageSize: 2 })).map((consent) => consent.clientId);
    expect(listed.sort()).toEqual(names);
    await revokeConsents(http, 'radia', 'app-3');
    expect(await listConsents(http, 'radia')).toHaveLength(3);
    await revokeConsents(http, 'radia');
    expect(await listConsents(http, 'radia')).toEqual([]);
  });

  it('hashes client secrets with bcrypt at cost 8, which both versions can verify', async () => {
    const { host, port, user, password, database } = databases[version].config;
    const rows = await withClient({ host, port, user, password }, database, (client) =>
      client.query<{ client_secret: string }>(`SELECT client_secret FROM hydra_client WHERE id = 'web'`),
    );
    expect(rows.rows[0]?.client_secret).toMatch(/^\$2a\$08\$/);
  });
});

describe('the migration of a Hydra database', () => {
  let runDir: string;

  beforeEach(() => {
    runDir = mkdtempSync(join(tmpdir(), 'migrate-'));
  });

  afterEach(() => rmSync(runDir, { recursive: true, force: true }));

  const target = useDatabase();
  const { postgres } = sharedServers();
  const options = (binary: string, password = 'right') => ({
    version: '1.11.10' as const,
    binary,
    host: postgres.host,
    port: postgres.port,
    database: { role: 'migrator', password, database: target.config.database },
    secretsSystem: 'a secret of sixteen',
    runDir,
    name: 'migrate',
  });

  function program(text: string): string {
    const file = join(runDir, 'hydra');
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  beforeAll(() => createHydraDatabase(postgres, options('').database));

  it('is not believed when it prints success and did nothing', async () => {
    const liar = program('echo "Successfully applied migrations!"');
    await expect(migrateHydra(options(liar))).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringMatching(/left 0 migrations[\s\S]*55 are expected[\s\S]*Successfully applied/) as string,
    });
  });

  it('is ended when it does not end by itself, and when the world is given up', async () => {
    const endless = program('echo trying to connect; sleep 60');
    await expect(migrateHydra({ ...options(endless), timeoutMs: 200 })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: expect.stringContaining('ended by us after 200 ms') as string,
    });
    const signal = AbortSignal.timeout(100);
    await expect(migrateHydra({ ...options(endless), signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is not even tried with a wrong password, which the binary would try for ever', async () => {
    const { hydra11110 } = sharedServers().binaries;
    await expect(migrateHydra(options(hydra11110, 'wrong'))).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });
  });

  it('is done once, by the role that owns everything it makes', async () => {
    const { hydra11110 } = sharedServers().binaries;
    await withClient(postgres, target.config.database, async (admin) => {
      // A clone of a template belongs to whoever cloned it; a world's database belongs to Hydra's role.
      await admin.query(`ALTER DATABASE ${target.config.database} OWNER TO migrator`);
      try {
        expect(await migrateHydra(options(hydra11110))).toEqual({ before: 0, after: 55 });
        expect(await migrateHydra(options(hydra11110))).toEqual({ before: 55, after: 55 });
        const owners = await admin.query(`SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`);
        expect(owners.rows).toEqual([{ tableowner: 'migrator' }]);
      } finally {
        await admin.query('REASSIGN OWNED BY migrator TO CURRENT_USER');
        await admin.query('DROP OWNED BY migrator');
        await admin.query('DROP ROLE migrator');
      }
    });
  });
});
