import { type Client } from 'pg';
import { installArbiter } from '../../../../hydra/arbiter';
import { captureProblems, installCapture, readNoted, removeCapture } from '../../../../hydra/capture';
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
import { readNamedRevocations } from '../../../../hydra/sync/ledger';
import { type LogRow, namedKeys } from '../../../../hydra/sync/log-keys';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';
import { PATH } from '../../../support/path';

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

/** The revocations of what was noted during `act`, as kind and key: by the drain proof, and by the sync that reads the log. */
async function noted(act: () => Promise<unknown>): Promise<[string, string][]> {
  await ours.query('DELETE FROM hydra_cutover.revocation; DELETE FROM hydra_cutover.change_log');
  await act();
  const proven = (await readNoted(ours, { kind: '', key: '' }, 1_000)).filter(({ revoked }) => revoked);
  const log = await ours.query<LogRow>('SELECT * FROM hydra_cutover.change_log');
  const { revocations, rotated } = await readNamedRevocations(ours, namedKeys(PATH, log.rows));
  const both = [proven, revocations].map((found) => found.map(({ kind, key }): [string, string] => [kind, key]).sort());
  expect(both[1]).toEqual(both[0]);
  rotations = rotated.length;
  return both[0] ?? [];
}
let rotations = 0;
const kinds = (found: [string, string][]): string[] => [...new Set(found.map(([kind]) => kind))].sort();

beforeAll(async () => {
  [ours, other] = [await database.connect(), await database.connect()];
  hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl: 'http://127.0.0.1:9' });
  await installArbiter(ours, { side: 'blue', cutoverId: 'test', initialState: 'open' });
  await installCapture(PATH, ours);
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
    // Of each rotation: the refresh token and the access token.
    expect(rotations).toBe(6);
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

  it('one revocation, however often it was noted', async () => {
    const insert = `INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
      VALUES ('doubled', 'doubled', $1, '', '', '', '', '')`;
    const found = await noted(async () => {
      for (let i = 0; i < 2; i += 1) {
        await ours.query(insert, [client.id]);
        await ours.query(`DELETE FROM hydra_oauth2_access WHERE signature = 'doubled'`);
      }
    });
    expect(found).toEqual([['access_deleted', 'doubled']]);
  });

  it.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])(
    'what a role without any right to our schema revokes, itself and through a cascade, under %s',
    async (isolation) => {
      const writer = `writer_${client.id.replaceAll('-', '').slice(0, 12)}`;
      await ours.query(
        `CREATE ROLE ${writer}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${writer}`,
      );
      try {
        const gone = await createOauthClient(http);
        const { consent } = await grant(gone);
        const { tokens } = await grant();
        await other.query(`SET ROLE ${writer}`);
        await expect(other.query('SELECT FROM hydra_cutover.revocation')).rejects.toMatchObject({ code: '42501' });
        const found = await noted(async () => {
          await other.query(`BEGIN ISOLATION LEVEL ${isolation}`);
          await other.query('SELECT 1 FROM hydra_client');
          await other.query('DELETE FROM hydra_client WHERE id = $1', [gone.id]);
          await other.query('UPDATE hydra_oauth2_refresh SET active = false WHERE active');
          await other.query('COMMIT');
        });
        expect(found).toEqual(
          expect.arrayContaining([
            ['client_deleted', gone.id],
            ['chain_revoked', consent],
          ]),
        );
        expect(kinds(found)).toContain('access_deleted');
        expect(tokens.refreshToken).toBeDefined();
      } finally {
        await other.query('ROLLBACK; RESET ROLE');
        await ours.query(`DROP OWNED BY ${writer}; DROP ROLE ${writer}`);
      }
    },
  );

  it.each([
    ['nothing for an access token whose successor is newer', '2026-04-03', []],
    ['a deleted access token where what is left is older', '2026-03-05', [['access_deleted', 'dated-1']]],
  ])('%s, however its writer shows times', async (_what, left, expected) => {
    const insert = (
      signature: string,
      day: string,
    ) => `INSERT INTO hydra_oauth2_access (signature, request_id, requested_at, client_id, scope,
      granted_scope, form_data, session_data, subject) VALUES ('${signature}', 'dated', '${day}', '${client.id}', '', '', '', '', '')`;
    await ours.query(`${insert('dated-1', '2026-04-02')}; ${insert('dated-2', left)}`);
    const found = await noted(() =>
      other.query(`SET DateStyle = 'SQL, DMY'; DELETE FROM hydra_oauth2_access WHERE signature = 'dated-1'`),
    );
    expect(found).toEqual(expected);
    await other.query(`RESET DateStyle; DELETE FROM hydra_oauth2_access WHERE request_id = 'dated'`);
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
  await installCapture(PATH, ours, { retryDelayMs: 20 });
  expect(await captureProblems(ours)).toEqual([]);
  stopped = true;
  await expect(traffic).resolves.toBeUndefined();
});
