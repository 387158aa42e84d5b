import { type Client } from 'pg';
import { installArbiter } from '../../../../hydra/arbiter';
import { captureProblems, installCapture, readRevocations, removeCapture } from '../../../../hydra/capture';
import {
  OauthHttp,
  adminLoginApp,
  clientCredentials,
  createOauthClient,
  deleteOauthClient,
  grantTokens,
  introspectToken,
  listConsents,
  refreshTokens,
  revokeConsents,
  revokeLogins,
  revokeToken,
  type OauthClient,
  type TokenSet,
} from '../../../../world/oauth';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';

const database = useDatabase('hydra_1_11_10');
let ours: Client;
let other: Client;
let hydra: TestHydra;
let http: OauthHttp;
let client: OauthClient;
let subjects = 0;

async function grant(
  of = client,
): Promise<{ tokens: TokenSet; refreshToken: string; subject: string; consent: string }> {
  const subject = `subject-${++subjects}`;
  const { tokens } = await grantTokens(http, {
    client: of,
    loginApp: adminLoginApp(http, { subject, remember: true }),
  });
  const [consent] = await listConsents(http, subject);
  if (consent === undefined || tokens.refreshToken === undefined) throw new Error('no consent or no refresh token');
  return { tokens, refreshToken: tokens.refreshToken, subject, consent: consent.challenge };
}

/** What was noted during `act`, as kind and key. */
async function noted(act: () => Promise<unknown>): Promise<[string, string][]> {
  await ours.query('DELETE FROM hydra_cutover.revocation');
  await act();
  return (await readRevocations(ours, 0, 1_000)).map(({ kind, key }) => [kind, key]);
}
const kinds = (found: [string, string][]): string[] => [...new Set(found.map(([kind]) => kind))].sort();

beforeAll(async () => {
  [ours, other] = [await database.connect(), await database.connect()];
  hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl: 'http://127.0.0.1:9' });
  await installArbiter(ours, { side: 'blue', cutoverId: 'test', initialState: 'open' });
  await installCapture(ours);
  http = new OauthHttp(hydra, { forwardedProto: true });
  client = await createOauthClient(http);
  await http.close();
});
afterAll(() => hydra.stop());
beforeEach(() => {
  http = new OauthHttp(hydra, { forwardedProto: true });
});
afterEach(() => http.close());

describe('what Hydra 1.11.10 does through its API is noted as', () => {
  it('nothing for a grant and for rotations of its refresh token', async () => {
    const found = await noted(async () => {
      let { refreshToken } = await grant();
      for (let i = 0; i < 3; i += 1)
        refreshToken = (await refreshTokens(http, client, refreshToken)).refreshToken ?? '';
    });
    expect(found).toEqual([]);
  });

  it('a revoked chain for a revocation by refresh token and by access token', async () => {
    const [one, two] = [await grant(), await grant()];
    const found = await noted(async () => {
      await revokeToken(http, client, one.refreshToken);
      await revokeToken(http, client, two.tokens.accessToken);
    });
    expect(found).toEqual(
      expect.arrayContaining([
        ['chain_revoked', one.consent],
        ['chain_revoked', two.consent],
      ]),
    );
    expect(kinds(found)).toEqual(['access_deleted', 'chain_revoked']);
    expect(await introspectToken(http, two.tokens.accessToken)).toMatchObject({ active: false });
  });

  it('a revoked chain when a refresh token is used again after its rotation', async () => {
    const { refreshToken, consent } = await grant();
    await refreshTokens(http, client, refreshToken);
    const found = await noted(() => refreshTokens(http, client, refreshToken).catch(() => undefined));
    expect(found).toContainEqual(['chain_revoked', consent]);
  });

  it('a deleted consent, with its chain, when the consents of a subject are revoked', async () => {
    const { subject, consent } = await grant();
    const found = await noted(() => revokeConsents(http, subject));
    expect(found).toEqual(
      expect.arrayContaining([
        ['consent_deleted', consent],
        ['chain_revoked', consent],
      ]),
    );
  });

  it('a deleted login session alone when logins of a subject are revoked', async () => {
    const { subject } = await grant();
    expect(kinds(await noted(() => revokeLogins(http, subject)))).toEqual(['login_session_deleted']);
  });

  it('a deleted access token when one without a chain is revoked', async () => {
    const { accessToken } = await clientCredentials(http, client);
    expect(kinds(await noted(() => revokeToken(http, client, accessToken)))).toEqual(['access_deleted']);
  });

  it('a deleted client, with all of its chains and consents, and each removal is in the change log', async () => {
    const gone = await createOauthClient(http);
    const { consent } = await grant(gone);
    await ours.query('DELETE FROM hydra_cutover.change_log');
    const found = await noted(() => deleteOauthClient(http, gone.id));
    expect(found).toEqual(
      expect.arrayContaining([
        ['client_deleted', gone.id],
        ['chain_revoked', consent],
        ['consent_deleted', consent],
      ]),
    );
    const { rows } = await ours.query<{ table_name: string }>(
      `SELECT DISTINCT table_name FROM hydra_cutover.change_log WHERE kind = 'delete'`,
    );
    expect(rows.map(({ table_name: table }) => table)).toEqual(
      expect.arrayContaining([
        'hydra_client',
        'hydra_oauth2_access',
        'hydra_oauth2_refresh',
        'hydra_oauth2_consent_request',
        'hydra_oauth2_consent_request_handled',
        'hydra_oauth2_authentication_request',
      ]),
    );
  });

  it('nothing for an access token whose successor was made within the same microsecond', async () => {
    const insert = `INSERT INTO hydra_oauth2_access (signature, request_id, requested_at, client_id, scope, granted_scope, form_data,
      session_data, subject) VALUES ($2, 'hasty', '2026-01-01T00:00:00.000001', $1, '', '', '', '', '')`;
    await ours.query(insert, [client.id, 'hasty-1']);
    const found = await noted(async () => {
      await ours.query('BEGIN');
      await ours.query(`DELETE FROM hydra_oauth2_access WHERE signature = 'hasty-1'`);
      await ours.query(insert, [client.id, 'hasty-2']);
      await ours.query('COMMIT');
    });
    expect(found).toEqual([]);
  });

  it('one entry for a revocation that two transactions note at once, though one has an older snapshot', async () => {
    const insert = `INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
      VALUES ('doubled', 'doubled', $1, '', '', '', '', '')`;
    await ours.query(insert, [client.id]);
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await other.query('SELECT 1');
    await noted(() => ours.query(`DELETE FROM hydra_oauth2_access WHERE signature = 'doubled'`));
    await other.query(`SELECT hydra_cutover.note_revocation('access_deleted', 'doubled', NULL)`);
    await expect(other.query('COMMIT')).resolves.toBeDefined();
    expect(await readRevocations(ours, 0, 10)).toMatchObject([{ kind: 'access_deleted', key: 'doubled' }]);
  });
});

it('Hydra serves on after the capture was removed under traffic', async () => {
  let stopped = false;
  const traffic = (async () => {
    let { refreshToken } = await grant();
    for (let i = 0; i < 200 && !stopped; i += 1) {
      refreshToken = (await refreshTokens(http, client, refreshToken)).refreshToken ?? '';
    }
  })();
  await removeCapture(ours, { retryDelayMs: 20 });
  await installCapture(ours, { retryDelayMs: 20 });
  expect(await captureProblems(ours)).toEqual([]);
  stopped = true;
  await expect(traffic).resolves.toBeUndefined();
});
