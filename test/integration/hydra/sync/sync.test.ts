import { type Client } from 'pg';
import { type SqlClient, queryRows } from '../../../../domain/ports/sql-client';
import { openSide } from '../../../../hydra/arbiter';
import { readNoted, sendCanary } from '../../../../hydra/capture';
import {
  type SyncSides,
  carryRecentRequests,
  releaseSyncRole,
  readBacklog,
  readStaleChallenges,
  syncRound,
} from '../../../../hydra/sync';
import { BATCH_BYTES_MAX } from '../../../../hydra/sync/json-batches';
import { useDatabase } from '../../../support/database';
import { until } from '../../../support/until';
import { History } from './history';
import { SyncWorld } from './sync-world';

const OPTIONS = { batchRows: 500 };

const database = useDatabase('hydra_1_11_10');
const other = useDatabase('empty');
const history = new History(11);
let world: SyncWorld;
let blue: Client;
let green: Client;
let sync: SyncSides;

async function count(client: Client, sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, values);
  return rows[0]?.n ?? -1;
}

/** The id of the newest change in blue's log: what a test does comes after it. */
async function lastChange(): Promise<string> {
  const { rows } = await blue.query<{ id: string }>(
    `SELECT coalesce(max(id), 0)::text AS id FROM hydra_cutover.change_log`,
  );
  return rows[0]?.id ?? '0';
}

/** A grant with tokens, carried. */
async function carriedGrant() {
  let grant = await history.grant(blue);
  while (grant.refresh === '') grant = await history.grant(blue);
  await syncRound(sync, OPTIONS);
  return grant;
}

beforeAll(async () => {
  world = new SyncWorld(database.config);
  await world.capture();
  const before = await world.connect('blue');
  await history.go(before, 10);
  await world.snapshot();
});

afterAll(() => world.close());

describe('the sync', () => {
  beforeEach(async () => {
    [blue, green] = [await world.connect('blue'), await world.connect('green')];
    sync = await world.openSync();
  });

  afterEach(() => world.disconnect());

  describe('a round', () => {
    it('writes nothing when nothing changed, and only what changed', async () => {
      await syncRound(sync, OPTIONS);
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ changes: 0, rows: 0, backlog: 0 });
      await blue.query(`UPDATE hydra_client SET client_name = 'renamed' WHERE id = $1`, [history.clients[0]]);
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ changes: 1, rows: 1, backlog: 0 });
      await blue.query(`UPDATE hydra_client SET client_name = 'again' WHERE id = $1`, [history.clients[0]]);
      await blue.query(`UPDATE hydra_client SET client_name = 'renamed' WHERE id = $1`, [history.clients[0]]);
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ changes: 2, rows: 0 });
    });

    it('carries what a killed round left unmarked once more, without harm', async () => {
      const before = await lastChange();
      const grant = await carriedGrant();
      await history.rotate(blue, grant);
      await syncRound(sync, OPTIONS);
      await blue.query('UPDATE hydra_cutover.change_log SET done_at = NULL WHERE id > $1', [before]);
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ rows: 0, backlog: 0 });
    });

    it('leaves its changes undone when its session on green dies before the commit', async () => {
      await history.grant(blue);
      const backlog = await readBacklog(blue);
      const killed = {
        ...sync,
        to: {
          query: async (text: string, values?: unknown[]) => {
            if (text === 'COMMIT')
              await green.query(
                `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = (SELECT sync_role FROM hydra_cutover.run)`,
              );
            return sync.to.query(text, values);
          },
        },
      };
      await expect(syncRound(killed, OPTIONS)).rejects.toThrow();
      expect(await readBacklog(blue)).toBe(backlog);
      sync = await world.openSync();
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ changes: backlog, backlog: 0 });
    });

    it('finds changes that were committed after ones with higher ids', async () => {
      const late = await world.connect('blue');
      await late.query('BEGIN');
      await late.query(`INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ('late', 'k', 0, 'x')`);
      await history.rotateKey(blue);
      await syncRound(sync, OPTIONS);
      expect(await count(green, `hydra_jwk WHERE sid = 'late'`)).toBe(0);
      await late.query('COMMIT');
      await syncRound(sync, OPTIONS);
      expect(await count(green, `hydra_jwk WHERE sid = 'late'`)).toBe(1);
    });

    it('is not kept from finished changes by a transaction that idles in another database', async () => {
      const idle = await other.connect();
      await idle.query('BEGIN');
      await idle.query('SELECT pg_current_xact_id()');
      await history.rotateKey(blue);
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ changes: expect.any(Number) as number, backlog: 0 });
      expect(await count(green, `hydra_jwk WHERE kid = $1`, [history.keys.at(-1)])).toBe(1);
      await idle.query('ROLLBACK');
      await idle.end();
    });

    it('looks at blue only after it holds its place, so that it does not miss what came while it waited', async () => {
      const newer = await world.connect('green');
      await newer.query('BEGIN');
      await newer.query('SELECT 1 FROM hydra_cutover.syncer FOR UPDATE');
      const round = syncRound(sync, OPTIONS);
      const waits = `pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await until('the round waits for its place', async () => (await count(green, waits)) > 0);
      await history.rotateKey(blue);
      await newer.query('ROLLBACK');
      await round;
      expect(await count(green, `hydra_jwk WHERE kid = $1`, [history.keys.at(-1)])).toBe(1);
    });

    it('carries a token together with the consent that came in between', async () => {
      const before = await lastChange();
      const grant = await carriedGrant();
      // Green as it was before; only the token's own change is left to be carried: its parents must come by themselves.
      await (sync.to as Client).query('DELETE FROM hydra_oauth2_flow WHERE consent_challenge_id = $1', [grant.consent]);
      await blue.query(
        `UPDATE hydra_cutover.change_log SET done_at = NULL WHERE id > $1 AND table_name = 'hydra_oauth2_refresh'`,
        [before],
      );
      expect(await syncRound(sync, OPTIONS)).toMatchObject({ rows: 2, backlog: 0 });
    });

    it('does not take a table for empty that DDL rewrites after it began to look', async () => {
      const operator = await world.connect('blue');
      await operator.query(`SET lock_timeout = '20ms'`);
      await blue.query(`UPDATE hydra_client SET client_name = 'named'`);
      const clients = await count(green, 'hydra_client');
      let rewritten: Promise<unknown> | undefined;
      const interrupted: SqlClient = {
        query: async (text: string, values?: unknown[]) => {
          const answer = await sync.from.query(text, values);
          if (text.includes('change_log AS log WHERE done_at IS NULL AND kind')) {
            // It has its snapshot, in which there is nothing of what is rewritten now.
            rewritten ??= operator.query('ALTER TABLE hydra_client ALTER COLUMN client_name TYPE text USING lower(id)');
            await rewritten.catch(() => undefined);
          }
          return answer;
        },
      };
      await syncRound({ ...sync, from: interrupted }, OPTIONS);
      await expect(rewritten).rejects.toMatchObject({ code: '55P03' });
      expect(await count(green, 'hydra_client')).toBe(clients);
      await operator.end();
    });

    it('goes on with a rewritten table where it was cut off, with changes in between', async () => {
      await history.go(blue, 30);
      await syncRound(sync, OPTIONS);
      await blue.query(`ALTER TABLE hydra_client ALTER COLUMN client_name TYPE text USING 'rewritten'`);
      const clients = await count(blue, 'hydra_client');
      const cut = new AbortController();
      const onPart = () => cut.abort(new Error('cut off'));
      await expect(syncRound(sync, { batchRows: 1, onPart, signal: cut.signal })).rejects.toThrow('cut off');
      await history.rotateKey(blue);
      const changes = await count(blue, `hydra_cutover.change_log WHERE done_at IS NULL AND kind <> 'rewrite'`);
      // Every row is looked at on green, but for the first, and then every row on blue.
      const rest = { changes: clients - 1 + clients + changes, backlog: 0 };
      expect(await syncRound(sync, { batchRows: 1 })).toMatchObject(rest);
      expect(await count(green, `hydra_client WHERE client_name = 'rewritten'`)).toBe(clients);
      expect(await count(green, `hydra_jwk WHERE kid = $1`, [history.keys.at(-1)])).toBe(1);
    });

    it('carries rows of many megabytes in statements of a bounded size', async () => {
      for (let row = 0; row < 3; row += 1) await history.machineToken(blue);
      const large = `UPDATE hydra_oauth2_access SET form_data = repeat(md5(signature), 220000)
        WHERE signature IN (SELECT signature FROM hydra_oauth2_access WHERE form_data = '' LIMIT 3) RETURNING signature`;
      const signatures = (await blue.query<{ signature: string }>(large)).rows.map(({ signature }) => signature);
      const bytes: number[] = [];
      const watched: SqlClient = {
        query: (text: string, values?: unknown[]) => {
          const lengths = (values ?? []).map((value) => Buffer.byteLength(String(value)));
          if (text.startsWith('INSERT INTO hydra_oauth2_access ')) bytes.push(lengths.reduce((sum, one) => sum + one));
          return sync.to.query(text, values);
        },
      };
      await syncRound({ ...sync, to: watched }, OPTIONS);
      expect(bytes.length).toBeGreaterThan(1);
      expect(Math.max(...bytes)).toBeLessThan(BATCH_BYTES_MAX);
      const same = 'hydra_oauth2_access WHERE signature = ANY ($1) AND form_data = repeat(md5(signature), 220000)';
      expect(await count(green, same, [signatures])).toBe(3);
      await blue.query('DELETE FROM hydra_oauth2_access WHERE signature = ANY ($1)', [signatures]);
      await syncRound(sync, OPTIONS);
    });

    it('refuses a truncated table with what to do, and keeps it undone', async () => {
      await blue.query('TRUNCATE hydra_oauth2_logout_request');
      await expect(syncRound(sync, OPTIONS)).rejects.toMatchObject({
        code: 'SYNC_FAILED',
        message: expect.stringContaining('hydra_oauth2_logout_request') as string,
      });
      expect(await readBacklog(blue)).toBeGreaterThan(0);
      await blue.query(`DELETE FROM hydra_cutover.change_log WHERE kind = 'truncate'`);
    });
  });

  describe('flows', () => {
    it('are re-keyed in place when their login goes, so that their tokens live on', async () => {
      const grant = await carriedGrant();
      await history.deleteSession(blue, grant);
      await syncRound(sync, OPTIONS);
      const { rows } = await green.query<{ login_challenge: string }>(
        'SELECT login_challenge FROM hydra_oauth2_flow WHERE consent_challenge_id = $1',
        [grant.consent],
      );
      expect(rows).toEqual([{ login_challenge: expect.stringMatching(/^cut-/) as string }]);
      expect(await count(green, 'hydra_oauth2_refresh WHERE signature = $1 AND active', [grant.refresh])).toBe(1);
    });

    it('keep their tokens when only their own changes are carried and the deleted login is named alone', async () => {
      const grant = await carriedGrant();
      await history.deleteSession(blue, grant);
      await blue.query(
        `UPDATE hydra_cutover.change_log SET done_at = now() WHERE done_at IS NULL AND table_name <> 'hydra_oauth2_authentication_request'`,
      );
      await syncRound(sync, OPTIONS);
      expect(await count(green, 'hydra_oauth2_refresh WHERE signature = $1 AND active', [grant.refresh])).toBe(1);
      await blue.query('UPDATE hydra_cutover.change_log SET done_at = NULL');
      await syncRound(sync, OPTIONS);
      expect(await count(green, 'hydra_oauth2_refresh WHERE signature = $1 AND active', [grant.refresh])).toBe(1);
    });

    it('go with their tokens when blue has neither key', async () => {
      const grant = await carriedGrant();
      await history.deleteConsent(blue, grant);
      await history.deleteSession(blue, grant);
      await syncRound(sync, OPTIONS);
      expect(
        await count(green, 'hydra_oauth2_flow WHERE login_challenge = $1 OR consent_challenge_id = $2', [
          grant.login,
          grant.consent,
        ]),
      ).toBe(0);
      expect(await count(green, 'hydra_oauth2_refresh WHERE request_id = $1', [grant.consent])).toBe(0);
    });
  });

  describe('two syncers', () => {
    it('never both write: the older one is fenced, and cannot log in again', async () => {
      const newer = await world.openSync();
      await history.rotateKey(blue);
      // Its session was ended; the password that it had is no more.
      await expect(syncRound(sync, OPTIONS)).rejects.toThrow();
      await expect(syncRound({ ...newer, generation: sync.generation }, OPTIONS)).rejects.toMatchObject({
        code: 'SYNC_FENCED',
      });
      expect(await syncRound(newer, OPTIONS)).toMatchObject({ backlog: 0 });
    });

    it('notice a green that is not the one they were prepared for', async () => {
      await expect(
        syncRound({ ...sync, nonce: '00000000-0000-4000-8000-000000000000' }, OPTIONS),
      ).rejects.toMatchObject({
        code: 'CROSSED_CONNECTION',
      });
    });
  });

  describe('the ledger', () => {
    it('has every revocation that blue captured, with what became of it', async () => {
      const [revoked, deleted, born] = [await carriedGrant(), await carriedGrant(), await history.grant(blue)];
      await history.revoke(blue, revoked);
      await history.deleteConsent(blue, deleted);
      if (born.refresh !== '') await history.deleteConsent(blue, born);
      await syncRound(sync, { batchRows: 1 });
      const captured = (await readNoted(sync.from, { kind: '', key: '' }, 1_000))
        .filter((noted) => noted.revoked)
        .map(({ kind, key }) => kind + key);
      expect(captured.length).toBeGreaterThan(3);
      const ledger = await readLedger(green);
      expect(captured.filter((key) => !ledger.some((entry) => entry.kind + entry.key === key))).toEqual([]);
      const outcome = (kind: string, key: string) =>
        ledger.find((entry) => entry.kind === kind && entry.key === key)?.outcome;
      expect(outcome('chain_revoked', revoked.consent)).toBe('applied');
      expect(outcome('consent_deleted', deleted.consent)).toBe('applied');
      expect(await count(green, 'hydra_oauth2_refresh WHERE request_id = $1 AND active', [revoked.consent])).toBe(0);
    });

    type Grant = Awaited<ReturnType<typeof carriedGrant>>;
    // A chain of which the refresh token is dead and an access token lives on counts twice: as the chain and as the token.
    it.each<[string, string, (grant: Grant) => Promise<unknown>, number]>([
      ['refresh token', 'INSERT INTO hydra_oauth2_refresh ', (grant) => history.revoke(blue, grant), 1],
      ['access token', 'DELETE FROM hydra_oauth2_access ', (grant) => history.revoke(blue, grant), 2],
      ['consent', 'INSERT INTO hydra_oauth2_flow ', (grant) => history.deleteConsent(blue, grant), 1],
      [
        'login session',
        'DELETE FROM hydra_oauth2_authentication_session ',
        (grant) => history.deleteSession(blue, grant),
        1,
      ],
    ])('has no entry for a revocation that its %s on green did not take', async (_what, write, revoke, failed) => {
      const grant = await carriedGrant();
      await revoke(grant);
      const without: SqlClient = {
        query: async (text: string, values?: unknown[]) =>
          text.startsWith(write) ? { rows: [], rowCount: 0 } : sync.to.query(text, values),
      };
      const before = await readLedger(green);
      await expect(syncRound({ ...sync, to: without }, OPTIONS)).rejects.toMatchObject({
        code: 'SYNC_FAILED',
        details: { withoutEffect: failed },
      });
      expect(await readLedger(green)).toEqual(before);
      await syncRound(sync, OPTIONS);
      const keys: readonly string[] = [grant.consent, grant.session];
      const entries = (await readLedger(green)).filter(({ key }) => keys.includes(key));
      expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['applied']));
    });
  });

  it('maps challenges and verifiers of logins and consents begun on blue to their request', async () => {
    const { lastSeq } = await readStaleChallenges(green, 0);
    const grant = await carriedGrant();
    const { entries } = await readStaleChallenges(green, lastSeq);
    expect(entries).toEqual(
      expect.arrayContaining([
        { kind: 'login_challenge', value: grant.login, requestUrl: `https://auth/${grant.login}` },
        { kind: 'login_verifier', value: `${grant.login}v`, requestUrl: `https://auth/${grant.login}` },
        { kind: 'consent_challenge', value: grant.consent, requestUrl: `https://auth/${grant.consent}` },
        { kind: 'consent_verifier', value: `${grant.consent}v`, requestUrl: `https://auth/${grant.consent}` },
      ]),
    );
  });

  it('maps those that were begun long ago as long as Hydra on blue lets them end, in the log and before it', async () => {
    const HOUR_MS = 3_600_000;
    const inLog = await history.grant(blue);
    const beforeLog = await history.grant(blue);
    const age = `requested_at = requested_at - interval '20 hours'`;
    for (const { login, consent } of [inLog, beforeLog]) {
      await blue.query(`UPDATE hydra_oauth2_authentication_request SET ${age} WHERE challenge = $1`, [login]);
      await blue.query(`UPDATE hydra_oauth2_consent_request SET ${age} WHERE challenge = $1`, [consent]);
    }
    await blue.query(`DELETE FROM hydra_cutover.change_log WHERE new_key ->> 'challenge' = ANY ($1)`, [
      [beforeLog.login, beforeLog.consent],
    ]);
    const log = await blue.query<{ id: string }>('SELECT id FROM hydra_cutover.change_log WHERE done_at IS NULL');
    const mapped = async (loginTtlMs: number): Promise<readonly string[]> => {
      const undone = 'UPDATE hydra_cutover.change_log SET done_at = NULL WHERE id = ANY ($1::bigint[])';
      await blue.query(undone, [log.rows.map(({ id }) => id)]);
      await syncRound({ ...sync, loginTtlMs }, OPTIONS);
      await carryRecentRequests({ ...sync, loginTtlMs }, { pageRows: 2 });
      const { rows } = await green.query<{ value: string }>(
        `SELECT value FROM hydra_cutover.stale_challenge WHERE value = ANY ($1) ORDER BY 1`,
        [[inLog, beforeLog].flatMap(({ login, consent }) => [login, consent])],
      );
      return rows.map(({ value }) => value);
    };
    expect(await mapped(HOUR_MS / 2)).toEqual([]);
    const all = [inLog, beforeLog].flatMap(({ login, consent }) => [login, consent]);
    expect((await mapped(24 * HOUR_MS)).toSorted()).toEqual(all.toSorted());
    await blue.query('UPDATE hydra_cutover.change_log SET done_at = clock_timestamp() WHERE done_at IS NULL');
  });

  it('carries a canary from the trigger on blue to a row on green', async () => {
    const { changeId } = await sendCanary(blue);
    await syncRound(sync, OPTIONS);
    expect(await count(green, 'hydra_cutover.canary WHERE log_id = $1', [changeId])).toBe(1);
  });

  describe('the role of the sync', () => {
    it('can do nothing on green but write rows', async () => {
      const login = sync.to as Client;
      await expect(login.query('UPDATE hydra_cutover.run SET state = $1', ['open'])).rejects.toMatchObject({
        code: '42501',
      });
      await expect(login.query('UPDATE hydra_cutover.syncer SET generation = 9')).rejects.toMatchObject({
        code: '42501',
      });
      await expect(login.query('ALTER TABLE hydra_client DISABLE TRIGGER ALL')).rejects.toMatchObject({
        code: '42501',
      });
    });

    describe('once green is open', () => {
      beforeEach(() => openSide(green, 1, 2_000));
      afterEach(() => green.query(`UPDATE hydra_cutover.run SET state = 'closed', epoch = 0`));

      it('is refused, and loses all that it was granted', async () => {
        await history.rotateKey(blue);
        await expect(syncRound(sync, OPTIONS)).rejects.toMatchObject({ code: 'SYNC_FENCED' });
        await expect(world.openSync()).rejects.toMatchObject({ code: 'SYNC_FENCED' });
        await expect((sync.to as Client).query('DELETE FROM hydra_jwk')).rejects.toMatchObject({ code: 'HC001' });
        await releaseSyncRole(green, world.syncRole);
        await releaseSyncRole(green, world.syncRole);
        const granted = `pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid AND d.refclassid = 'pg_authid'::regclass AND d.classid <> 'pg_proc'::regclass
           WHERE r.rolname = '${world.syncRole}'`;
        expect(await count(green, granted)).toBe(0);
        expect(await count(green, `pg_authid WHERE rolname = '${world.syncRole}' AND rolpassword IS NULL`)).toBe(1);
      });
    });
  });
});

/** Every revocation in the ledger, with what became of it. */
function readLedger(client: SqlClient) {
  return queryRows<{ kind: string; key: string; outcome: string; at: string }>(
    client,
    'SELECT kind, key, outcome, applied_at::text AS at FROM hydra_cutover.ledger ORDER BY kind, key',
  );
}
