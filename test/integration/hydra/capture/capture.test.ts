import { type Client } from 'pg';
import {
  abortAttempt,
  commitAttempt,
  beginAttempt,
  fence,
  guardTables,
  installArbiter,
  removeArbiter,
} from '../../../../hydra/arbiter';
import { begun, fenced } from '../../../support/attempts';
import {
  captureProblems,
  changeLogSize,
  installCapture,
  logRewrites,
  pruneChangeLog,
  removeCapture,
  sendCanary,
} from '../../../../hydra/capture';
import { useDatabase } from '../../../support/database';
import { PATH } from '../../../support/path';

const database = useDatabase('hydra_1_11_10');
let ours: Client;
let writer: Client;

const INSERT_CLIENT = `INSERT INTO hydra_client (id, client_name, client_secret, redirect_uris, grant_types, response_types, scope,
    owner, policy_uri, tos_uri, client_uri, logo_uri, contacts, sector_identifier_uri, jwks, jwks_uri, request_uris,
    request_object_signing_alg, userinfo_signed_response_alg, subject_type, allowed_cors_origins, audience, metadata)
  VALUES ($1, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '{}')`;

interface Change {
  readonly kind: string;
  readonly table_name: string;
  readonly old_key: Record<string, string | null> | null;
  readonly new_key: Record<string, string | null> | null;
}

const changes = async (): Promise<Change[]> =>
  (await ours.query<Change>('SELECT kind, table_name, old_key, new_key FROM hydra_cutover.change_log ORDER BY id'))
    .rows;
const forget = () => ours.query('DELETE FROM hydra_cutover.change_log');

async function insertLogin(name: string, clientId: string): Promise<void> {
  await writer.query(`INSERT INTO hydra_oauth2_authentication_session (id, subject) VALUES ($1, 'ada')`, [`s-${name}`]);
  await writer.query(
    `INSERT INTO hydra_oauth2_authentication_request
       (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id, oidc_context, login_session_id)
     VALUES ($1, '', $1, '', 'ada', '', false, $2, '{}', $3)`,
    [`l-${name}`, clientId, `s-${name}`],
  );
  await writer.query(
    `INSERT INTO hydra_oauth2_consent_request (challenge, verifier, client_id, subject, request_url, skip, requested_scope, csrf,
       oidc_context, login_session_id, login_challenge) VALUES ($1, $1, $2, 'ada', '', false, '', '', '{}', $3, $4)`,
    [`c-${name}`, clientId, `s-${name}`, `l-${name}`],
  );
}

/** From which no attempt can begin any more: the next test gets an arbiter of its own. */
async function newArbiter(): Promise<void> {
  await removeArbiter(ours);
  await installArbiter(ours, { side: 'blue', cutoverId: 'test', initialState: 'open' });
  await guardTables(ours);
}

beforeAll(async () => {
  [ours, writer] = [await database.connect(), await database.connect()];
  await newArbiter();
});
beforeEach(async () => {
  await writer.query('ROLLBACK');
  await writer.query('DELETE FROM hydra_client; DELETE FROM hydra_oauth2_authentication_session');
  await installCapture(PATH, ours);
  await forget();
});

describe('the change log', () => {
  it('holds a row for each write of each kind, in the transaction of the write', async () => {
    await writer.query(INSERT_CLIENT, ['c1']);
    await writer.query(`UPDATE hydra_client SET scope = 'x'`);
    await writer.query(`DELETE FROM hydra_client`);
    await writer.query('BEGIN');
    await writer.query(INSERT_CLIENT, ['rolled-back']);
    await writer.query('ROLLBACK');
    expect(await changes()).toEqual([
      { kind: 'insert', table_name: 'hydra_client', old_key: null, new_key: { id: 'c1' } },
      { kind: 'update', table_name: 'hydra_client', old_key: { id: 'c1' }, new_key: { id: 'c1' } },
      { kind: 'delete', table_name: 'hydra_client', old_key: { id: 'c1' }, new_key: null },
    ]);
  });

  it('holds nothing for an update that changes nothing', async () => {
    await writer.query(INSERT_CLIENT, ['c1']);
    await forget();
    await writer.query(`UPDATE hydra_client SET scope = scope`);
    expect(await changes()).toEqual([]);
  });

  it('keeps the old login of a consent whose login session was deleted, and the cascade', async () => {
    await writer.query(INSERT_CLIENT, ['c1']);
    await insertLogin('1', 'c1');
    await forget();
    await writer.query(`DELETE FROM hydra_oauth2_authentication_session`);
    const found = await changes();
    expect(found.map(({ kind, table_name: table }) => `${kind} ${table}`)).toEqual(
      expect.arrayContaining([
        'delete hydra_oauth2_authentication_session',
        'delete hydra_oauth2_authentication_request',
        'update hydra_oauth2_consent_request',
      ]),
    );
    const orphaned = found.filter(({ table_name: table }) => table === 'hydra_oauth2_consent_request');
    expect(orphaned.map(({ old_key: key }) => key?.['login_challenge'])).toContain('l-1');
    expect(orphaned.at(-1)?.new_key).toMatchObject({ challenge: 'c-1', login_challenge: null, login_session_id: null });
  });

  it('is written by a role that has no right to it, and by a session that plays a replica', async () => {
    const role = `test_writer_${process.pid}_${Date.now()}`;
    await ours.query(`CREATE ROLE ${role}`);
    try {
      await ours.query(`GRANT INSERT, DELETE ON hydra_oauth2_jti_blacklist TO ${role}`);
      await writer.query(`SET ROLE ${role}`);
      await writer.query(`INSERT INTO hydra_oauth2_jti_blacklist (signature) VALUES ('a')`);
      await writer.query('RESET ROLE; SET session_replication_role = replica');
      await writer.query(`INSERT INTO hydra_oauth2_jti_blacklist (signature) VALUES ('b')`);
    } finally {
      await writer.query('RESET ROLE; RESET session_replication_role; DELETE FROM hydra_oauth2_jti_blacklist');
      await ours.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
    expect((await changes()).slice(0, 2).map(({ new_key: key }) => key)).toEqual([
      { signature: 'a' },
      { signature: 'b' },
    ]);
  });

  it('holds a truncation, of each table that it reaches', async () => {
    await writer.query('TRUNCATE hydra_client CASCADE');
    const truncated = (await changes()).filter(({ kind }) => kind === 'truncate').map(({ table_name: table }) => table);
    expect(truncated).toEqual(expect.arrayContaining(['hydra_client', 'hydra_oauth2_refresh', 'hydra_oauth2_pkce']));
    await logRewrites(ours);
  });

  it('holds the canary, which counts as undone until it is marked', async () => {
    const { changeId } = await sendCanary(ours);
    expect(await changes()).toMatchObject([{ kind: 'canary', table_name: 'canary' }]);
    expect(await changeLogSize(ours)).toMatchObject({ undone: 1 });
    await ours.query('UPDATE hydra_cutover.change_log SET done_at = now() WHERE id = $1', [changeId]);
    expect(await changeLogSize(ours)).toMatchObject({ undone: 0, oldestUndoneMs: null });
  });

  it('loses what was done a while ago and nothing else when it is pruned', async () => {
    for (let i = 0; i < 3; i += 1) await sendCanary(ours);
    await ours.query(
      `UPDATE hydra_cutover.change_log SET done_at = now() - interval '1 hour' WHERE id <> (SELECT max(id) FROM hydra_cutover.change_log)`,
    );
    await sendCanary(ours);
    const one = { batchRows: 1, batchesMax: 1 };
    expect(await pruneChangeLog(ours, one)).toEqual({ changes: 1, isThrough: false });
    expect(await pruneChangeLog(ours, { batchRows: 1 })).toEqual({ changes: 1, isThrough: true });
    expect(await changes()).toHaveLength(2);
  });

  it('holds nothing of a write that the fence refused', async () => {
    const attempt = await fenced(ours, 1);
    await expect(writer.query(INSERT_CLIENT, ['refused'])).rejects.toMatchObject({ code: 'HC001' });
    expect(await changes()).toEqual([]);
    await abortAttempt(ours, attempt, 'test', 2_000);
  });

  it('holds a prepared write once it is committed; until then no fence comes about', async () => {
    await writer.query('BEGIN');
    await writer.query(INSERT_CLIENT, ['prepared']);
    await writer.query(`PREPARE TRANSACTION 'capture-test'`);
    expect(await changes()).toEqual([]);
    const attempt = await begun(ours, 2);
    await expect(fence(ours, attempt, 50)).rejects.toMatchObject({ code: '55P03' });
    await writer.query(`COMMIT PREPARED 'capture-test'`);
    expect(await fence(ours, attempt, 2_000)).toMatchObject({ ok: true });
    expect(await changes()).toMatchObject([{ kind: 'insert', new_key: { id: 'prepared' } }]);
    await abortAttempt(ours, attempt, 'test', 2_000);
  });

  it('stops a commit while a change of it is undone', async () => {
    await sendCanary(ours);
    const attempt = await fenced(ours, 3);
    expect(await commitAttempt(ours, attempt, 2_000)).toMatchObject({
      ok: false,
      reason: 'undone_changes',
      undone: 1,
    });
    await abortAttempt(ours, attempt, 'test', 2_000);
  });
});

describe('the capture', () => {
  afterEach(newArbiter);

  it('is whole after it was installed twice', async () => {
    await removeCapture(ours);
    expect((await installCapture(PATH, ours)).added).toHaveLength(PATH.captured.length);
    expect((await installCapture(PATH, ours)).added).toEqual([]);
    expect(await captureProblems(ours)).toEqual([]);
  });

  it('goes on where an installation was cut off', async () => {
    await removeCapture(ours);
    await writer.query('BEGIN');
    await writer.query('LOCK TABLE hydra_oauth2_pkce IN ROW EXCLUSIVE MODE');
    const impatient = { lockTimeoutMs: 20, attemptsPerTable: 2, retryDelayMs: 1 };
    await expect(installCapture(PATH, ours, impatient)).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    expect(await captureProblems(ours)).toContain('hydra_oauth2_pkce is not captured');
    await writer.query('COMMIT');
    expect((await installCapture(PATH, ours)).added).toContain('hydra_oauth2_pkce');
    expect(await captureProblems(ours)).toEqual([]);
  });

  const tampering: [string, string][] = [
    ['a disabled trigger', 'ALTER TABLE hydra_client DISABLE TRIGGER USER'],
    ['a trigger that replicas skip', 'ALTER TABLE hydra_client ENABLE TRIGGER hydra_cutover_log'],
    ['a dropped trigger', 'DROP TRIGGER hydra_cutover_log_update ON hydra_client'],
    [
      'a replaced trigger',
      `DROP TRIGGER hydra_cutover_log ON hydra_client; CREATE TRIGGER hydra_cutover_log AFTER INSERT ON hydra_client
         FOR EACH ROW EXECUTE FUNCTION hydra_cutover.log_hydra_client();
       ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_log`,
    ],
    [
      'a replaced function',
      `CREATE OR REPLACE FUNCTION hydra_cutover.log_hydra_client() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    ],
    ['a rewritten table', `ALTER TABLE hydra_client ALTER COLUMN metadata TYPE text USING 'x'`],
    [
      'a trigger that was off for a while',
      `ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_log_update;
       ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_log_update`,
    ],
  ];
  it.each(tampering)('reports %s', async (_name, ddl) => {
    await writer.query(ddl);
    expect((await captureProblems(ours)).length).toBeGreaterThan(0);
    await writer.query('ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_guard');
  });

  it('stops a commit when a trigger of it is off, though every guard is in place', async () => {
    const attempt = await fenced(ours, 4);
    await writer.query('ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_log');
    expect(await commitAttempt(ours, attempt, 2_000)).toMatchObject({
      ok: false,
      reason: 'guard_problems',
      problems: ['trigger hydra_cutover_log of hydra_client does not fire always'],
    });
    await abortAttempt(ours, attempt, 'test', 2_000);
  });

  it('stops a commit when a table was rewritten before the fence, until all of it is carried', async () => {
    await writer.query(`ALTER TABLE hydra_client ALTER COLUMN client_name TYPE text USING 'x'`);
    const attempt = await fenced(ours, 5);
    expect(await commitAttempt(ours, attempt, 2_000)).toMatchObject({
      ok: false,
      reason: 'guard_problems',
      problems: ['hydra_client was rewritten, and its rows were not carried since'],
    });
    await logRewrites(ours);
    expect(await commitAttempt(ours, attempt, 2_000)).toMatchObject({ ok: false, reason: 'undone_changes' });
    await abortAttempt(ours, attempt, 'test', 2_000);
  });

  it.each([
    [
      'a column came again with a default',
      `ALTER TABLE hydra_client DROP COLUMN owner; ALTER TABLE hydra_client ADD COLUMN owner text NOT NULL DEFAULT 'changed'`,
    ],
    [
      'two columns exchanged their names',
      `ALTER TABLE hydra_client RENAME COLUMN policy_uri TO swapped; ALTER TABLE hydra_client RENAME COLUMN tos_uri TO policy_uri;
       ALTER TABLE hydra_client RENAME COLUMN swapped TO tos_uri`,
    ],
  ])('logs a table as changed altogether, once, of which %s without a rewrite', async (_name, ddl) => {
    await writer.query(ddl);
    await forget();
    expect(await captureProblems(ours)).toEqual([
      'the columns of hydra_client were changed, and its rows were not carried since',
    ]);
    expect(await logRewrites(ours)).toEqual(['hydra_client']);
    expect(await logRewrites(ours)).toEqual([]);
    expect(await changes()).toMatchObject([{ kind: 'rewrite', table_name: 'hydra_client' }]);
    expect(await captureProblems(ours)).toEqual([]);
  });

  it('goes on in a session that wrote before a column got another type', async () => {
    const writeAll = async () => {
      await writer.query(INSERT_CLIENT, ['c1']);
      await insertLogin('1', 'c1');
      await writer.query(
        `INSERT INTO hydra_oauth2_consent_request_handled (challenge, granted_scope, remember, remember_for, error, was_used, session_access_token, session_id_token)
           VALUES ('c-1', '', false, 0, '{}', true, '{}', '{}');
         INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, requested_at)
           VALUES ('a1', 'r1', 'c1', '', '', '', '', '2026-02-01T00:00:00Z');
         INSERT INTO hydra_oauth2_refresh (signature, request_id, client_id, scope, granted_scope, form_data, session_data)
           VALUES ('t1', 'r1', 'c1', '', '', '', '');
         UPDATE hydra_oauth2_refresh SET active = false;
         DELETE FROM hydra_oauth2_access; DELETE FROM hydra_oauth2_refresh; DELETE FROM hydra_oauth2_consent_request_handled;
         DELETE FROM hydra_client; DELETE FROM hydra_oauth2_authentication_session`,
      );
      const logged = await changes();
      const { rows } = await ours.query(
        'DELETE FROM hydra_cutover.revocation RETURNING kind, key, request_id, requested_at',
      );
      await forget();
      return { logged, revoked: rows };
    };
    const before = await writeAll();
    expect(before.logged.length).toBe(15);
    expect(before.revoked).toEqual([
      { kind: 'chain_revoked', key: 'r1', request_id: 'r1', requested_at: null },
      { kind: 'access_deleted', key: 'a1', request_id: 'r1', requested_at: '2026-02-01 00:00:00' },
      { kind: 'consent_deleted', key: 'c-1', request_id: 'c-1', requested_at: null },
      { kind: 'client_deleted', key: 'c1', request_id: null, requested_at: null },
      { kind: 'login_session_deleted', key: 's-1', request_id: null, requested_at: null },
    ]);
    await ours.query(
      `ALTER TABLE hydra_client ALTER COLUMN id TYPE text;
       ALTER TABLE hydra_oauth2_authentication_session ALTER COLUMN id TYPE text;
       ALTER TABLE hydra_oauth2_consent_request ALTER COLUMN login_session_id TYPE text, ALTER COLUMN challenge TYPE text,
         ALTER COLUMN verifier TYPE text;
       ALTER TABLE hydra_oauth2_consent_request_handled ALTER COLUMN challenge TYPE text;
       ALTER TABLE hydra_oauth2_access ALTER COLUMN signature TYPE text, ALTER COLUMN request_id TYPE text;
       ALTER TABLE hydra_oauth2_refresh ALTER COLUMN request_id TYPE text`,
    );
    expect(await writeAll()).toEqual(before);
  });

  it('logs a rewritten table as changed altogether, once', async () => {
    await writer.query(`ALTER TABLE hydra_jwk ALTER COLUMN keydata TYPE text USING 'x'`);
    await forget();
    expect(await logRewrites(ours)).toEqual(['hydra_jwk']);
    expect(await logRewrites(ours)).toEqual([]);
    expect(await changes()).toMatchObject([{ kind: 'rewrite', table_name: 'hydra_jwk' }]);
    expect(await captureProblems(ours)).toEqual([]);
  });

  it('logs a table whose trigger was off for a while as changed altogether, once it is on again', async () => {
    await writer.query('ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_log_update');
    expect(await logRewrites(ours)).toEqual([]);
    await writer.query('ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_log_update');
    expect(await captureProblems(ours)).toEqual([
      'a trigger of hydra_client was off, and the rows of the table were not carried since',
    ]);
    expect(await logRewrites(ours)).toEqual(['hydra_client']);
    expect(await captureProblems(ours)).toEqual([]);
  });

  it('has nothing to carry of its own table after a VACUUM FULL of everything', async () => {
    await writer.query('VACUUM FULL hydra_cutover.canary');
    expect(await captureProblems(ours)).not.toEqual([]);
    expect(await logRewrites(ours)).toEqual([]);
    expect(await captureProblems(ours)).toEqual([]);
  });

  it('knows what must be there: a commit is refused without the capture of one table, and without any', async () => {
    const attempt = await fenced(ours, 6);
    await expect(removeCapture(ours)).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    expect(await captureProblems(ours)).toEqual([]);
    // As one who does not ask before he begins.
    await writer.query(
      `DROP TRIGGER hydra_cutover_log ON hydra_client; DROP TRIGGER hydra_cutover_log_update ON hydra_client;
       DROP TRIGGER hydra_cutover_log_truncate ON hydra_client; DROP TRIGGER hydra_cutover_revoked ON hydra_client;
       DELETE FROM hydra_cutover.captured WHERE table_oid = 'hydra_client'::regclass`,
    );
    expect(await commitAttempt(ours, attempt, 2_000)).toMatchObject({
      reason: 'guard_problems',
      problems: ['hydra_client is not captured'],
    });
    await abortAttempt(ours, attempt, 'test', 2_000);
    await removeCapture(ours);
    expect((await ours.query('SELECT hydra_cutover.capture_problems() AS problem')).rows).toEqual([
      { problem: 'the change log was removed' },
    ]);
    expect(await beginAttempt(ours, { epoch: 7, holdDeadlineMs: 600_000, marginMs: 0 })).toMatchObject({
      reason: 'removing',
    });
  });

  it('leaves guard and arbiter and none of its own when it is removed, also twice and half removed', async () => {
    await writer.query('DROP TRIGGER hydra_cutover_log ON hydra_client');
    await removeCapture(ours);
    await removeCapture(ours);
    const { rows } = await ours.query(
      `SELECT DISTINCT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'hydra%'`,
    );
    expect(rows).toEqual([{ tgname: 'hydra_cutover_guard' }]);
    expect((await ours.query('SELECT hydra_cutover.undone_changes() AS n')).rows).toEqual([{ n: '0' }]);
    expect((await ours.query(`SELECT proname FROM pg_proc WHERE proname ~ '^(log|note)_hydra'`)).rows).toEqual([]);
  });
});
