import { join } from 'node:path';
import { sqlFile } from '../../../hydra/sql-file';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { disableCapture } from '../../../activities/disable-capture';
import { enableCapture } from '../../../activities/enable-capture';
import { finalize } from '../../../activities/finalize';
import { extendLifetimes, restoreLifetimes } from '../../../activities/lifetimes';
import { proveDrain } from '../../../activities/prove-drain';
import { type StepDeps } from '../../../activities/step';
import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { OUR_ROLES } from '../../../domain/our-roles';
import { type CutoverSettings } from '../../../domain/settings';
import { abortAttempt, beginAttempt, guardTables, installArbiter, openSide } from '../../../hydra/arbiter';
import { committed } from '../../support/attempts';
import { raiseLifetimes } from '../../../hydra/capture';
import { installSyncTables } from '../../../hydra/sync/install-sync-tables';
import { grantSyncRole } from '../../../hydra/sync/sync-role';
import { asAdmin, useDatabase } from '../../support/database';
import { makeRunRoles } from '../../support/run-roles';
import { SETTINGS, stepContext } from './green-fixture';
import { PATH } from '../../support/path';
import { FORWARD } from '../../../domain/sides';

const LOCK_TIMEOUT_MS = 2_000;
const HOUR_NS = '3600000000000';
const [blueDatabase, greenDatabase] = [useDatabase('hydra_1_11_10'), useDatabase('hydra_2_3_0')];
const suffix = randomBytes(4).toString('hex');
const master = { user: `test_master_${suffix}`, password: suffix };
const gatewayRole = `test_gateway_${suffix}`;
const syncRole = `test_sync_${suffix}`;
let blue: Client;
let green: Client;
let deps: StepDeps;
let cutoverId: string;
let epoch = 0;

const input = () => ({ cutoverId, environment: 'test' });
const triggers = async (client: Client): Promise<string[]> =>
  (
    await client.query<{ tgname: string }>(
      `SELECT DISTINCT tgname FROM pg_trigger WHERE tgname ~ '^hydra_cutover' ORDER BY 1`,
    )
  ).rows.map(({ tgname }) => tgname);
const count = async (client: Client, sql: string, values: unknown[] = []): Promise<number> =>
  (await client.query(sql, values)).rowCount ?? 0;

function makeDeps(changes: Partial<CutoverSettings> = {}): StepDeps {
  const side = ({ config }: typeof blueDatabase) => ({
    ...{ host: config.host, port: config.port, name: config.database, user: master.user },
    password: () => master.password,
    ssl: { mode: 'disable' as const },
  });
  const unused = (): never => {
    throw new Error('not used by these steps');
  };
  const provider = { describeInstance: () => Promise.resolve(undefined) };
  return {
    settings: { ...SETTINGS, green: { ...SETTINGS.green, arbiterRoles: [gatewayRole], syncRole }, ...changes },
    direction: FORWARD,
    databases: new PostgresDatabases({ sides: { blue: side(blueDatabase), green: side(greenDatabase) }, provider }),
    // Green's instance is protected already, and the snapshot gone.
    provider: {
      ...provider,
      describeInstance: () => Promise.resolve({ settings: { deletionProtection: true } }),
      deleteSnapshot: () => Promise.resolve(),
    } as unknown as StepDeps['provider'],
    get commands() {
      return unused();
    },
    get hydra() {
      return unused();
    },
    gateways: [],
    targets: [],
    jobs: [],
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  };
}

/** What the steps between capture and switchover do to green, as far as these steps look at it. */
async function makeGreen(): Promise<void> {
  await deps.databases.withSession('green', async (client) => {
    await installArbiter(client, { side: 'green', cutoverId, initialState: 'closed' });
    await installSyncTables(client, { syncRole });
    await guardTables(client);
    await grantSyncRole(client, syncRole);
    await client.query(
      sqlFile(join(__dirname, '../../../hydra/cleaning/sql'), 'archive.sql', { schema: 'hydra_cutover' }),
    );
  });
}

async function moveWrites(): Promise<void> {
  await committed(blue, ++epoch);
  expect(await openSide(green, epoch, LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
}

async function carryRevocations(): Promise<void> {
  const { rows } = await blue.query<{ kind: string; key: string }>('SELECT kind, key FROM hydra_cutover.revocation');
  for (const { kind, key } of rows) {
    await green.query(
      `INSERT INTO hydra_cutover.ledger (kind, key, captured_at, outcome) VALUES ($1, $2, now(), 'applied')`,
      [kind, key],
    );
  }
}

const revokeSomething = (key: string) =>
  blue
    .query(`INSERT INTO hydra_oauth2_authentication_session (id, subject) VALUES ($1, 'ada')`, [key])
    .then(() => blue.query('DELETE FROM hydra_oauth2_authentication_session WHERE id = $1', [key]));

beforeAll(async () => {
  await asAdmin(
    `CREATE ROLE ${master.user} LOGIN PASSWORD '${master.password}' NOSUPERUSER CREATEDB
       IN ROLE hydra, pg_monitor, pg_signal_backend, ${OUR_ROLES.owner};
     CREATE ROLE ${gatewayRole} LOGIN`,
  );
  await makeRunRoles([syncRole], master.user);
  [blue, green] = [await blueDatabase.connect(), await greenDatabase.connect()];
  for (const client of [blue, green]) {
    await client.query(
      `DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO ${master.user}', current_database()); END $$`,
    );
  }
});
// Both databases are dropped by then, and with them what these roles own.
afterAll(() => asAdmin(`DROP ROLE ${master.user}, ${gatewayRole}, ${syncRole}`));
beforeEach(async () => {
  cutoverId = randomBytes(6).toString('hex');
  deps = makeDeps();
  for (const client of [blue, green]) {
    await client.query('ROLLBACK');
    await client.query('DROP SCHEMA IF EXISTS hydra_cutover, hydra_cutover_archive, hydra_cutover_lifetimes CASCADE');
  }
});
afterEach(() => green.query(`DROP OWNED BY ${syncRole}`));

describe('enableCapture', () => {
  it('records changes of blue with the rights of the master user, and is the same when repeated', async () => {
    const first = await enableCapture(deps, input(), stepContext());
    expect(first).toEqual({
      tables: PATH.captured.length,
      canaryMs: expect.any(Number) as unknown,
      noCanaryUser: expect.stringContaining('no `canary` in the config') as unknown,
    });
    const again = await enableCapture(deps, input(), stepContext());
    expect(again.tables).toBe(first.tables);
    await blue.query('SET ROLE hydra');
    await blue.query(`INSERT INTO hydra_oauth2_jti_blacklist (signature) VALUES ($1)`, [cutoverId]);
    await blue.query('RESET ROLE');
    expect(
      await count(blue, `SELECT 1 FROM hydra_cutover.change_log WHERE new_key ->> 'signature' = $1`, [cutoverId]),
    ).toBe(1);
    const { rows } = await blue.query(
      `SELECT has_function_privilege($1, 'hydra_cutover_asks.serves(bigint)', 'EXECUTE') AS may`,
      [gatewayRole],
    );
    expect(rows).toEqual([{ may: true }]);
  });

  it('refuses once writes have moved, and leaves no canary behind that nobody carries', async () => {
    await enableCapture(deps, input(), stepContext());
    await makeGreen();
    await moveWrites();
    await expect(enableCapture(deps, input(), stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    expect(await count(blue, 'SELECT FROM hydra_cutover.change_log WHERE done_at IS NULL')).toBe(0);
  });

  it('refuses while another cutover holds blue, and says that recording is broken when a trigger is off', async () => {
    await enableCapture(deps, input(), stepContext());
    await expect(enableCapture(deps, { ...input(), cutoverId: 'next' }, stepContext())).rejects.toMatchObject({
      code: 'CUTOVER_RUNNING',
      details: { cutoverId },
    });
    await blue.query('ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_log');
    await expect(enableCapture(deps, input(), stepContext())).rejects.toMatchObject({ code: 'CAPTURE_BROKEN' });
  });
});

describe('disableCapture', () => {
  it('leaves blue as it was, also when nothing was ever there or another cutover is', async () => {
    await disableCapture(deps, input(), stepContext());
    await enableCapture(deps, input(), stepContext());
    await disableCapture(deps, { ...input(), cutoverId: 'other' }, stepContext());
    expect((await triggers(blue)).length).toBeGreaterThan(0);
    await disableCapture(deps, input(), stepContext());
    await disableCapture(deps, input(), stepContext());
    expect(await triggers(blue)).toEqual([]);
    expect(await count(blue, `SELECT 1 FROM pg_namespace WHERE nspname ~ '^hydra_cutover'`)).toBe(0);
  });

  it('takes the right to begin away before the first trigger goes, and nothing while an attempt is alive', async () => {
    await enableCapture(deps, input(), stepContext());
    const before = await triggers(blue);
    const begun = await beginAttempt(blue, { epoch: ++epoch, holdDeadlineMs: 60_000, marginMs: 0 });
    await expect(disableCapture(deps, input(), stepContext())).rejects.toMatchObject({ code: 'LOCK_BUSY' });
    expect(await triggers(blue)).toEqual(before);
    if (begun.ok) await abortAttempt(blue, begun.attempt, 'test', LOCK_TIMEOUT_MS);
    const heartbeat = () => {
      throw new Error('the worker dies after the first table');
    };
    await expect(disableCapture(deps, input(), stepContext({ heartbeat }))).rejects.toThrow('the worker dies');
    expect(await beginAttempt(blue, { epoch: ++epoch, holdDeadlineMs: 60_000, marginMs: 0 })).toMatchObject({
      reason: 'removing',
    });
    await revokeSomething('passes');
    await expect(enableCapture(deps, input(), stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await disableCapture(deps, input(), stepContext());
    expect(await triggers(blue)).toEqual([]);
  });

  it('refuses once writes have moved', async () => {
    await enableCapture(deps, input(), stepContext());
    await makeGreen();
    await moveWrites();
    await expect(disableCapture(deps, input(), stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    expect(await triggers(blue)).toContain('hydra_cutover_guard');
  });
});

describe('proveDrain', () => {
  beforeEach(async () => {
    await enableCapture(deps, input(), stepContext());
    await makeGreen();
    await revokeSomething(`s-${cutoverId}`);
  });

  it('says that everything captured was applied', async () => {
    await expect(proveDrain(deps, input(), stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await moveWrites();
    await carryRevocations();
    const proof = await proveDrain(deps, input(), stepContext());
    expect(proof).toMatchObject({
      captured: 1,
      applied: 1,
      missing: 0,
      undoneChanges: 0,
      byKind: { login_session_deleted: 1 },
      notCarried: [
        { what: 'logins under way', count: 0 },
        { what: 'consents under way', count: 0 },
        { what: 'canaries', count: 1 },
      ],
    });
    // Whoever may use our schema could lock what every write reads.
    const { rows } = await green.query(
      `SELECT rolpassword IS NOT NULL AS logs, has_schema_privilege(oid, 'hydra_cutover', 'USAGE') AS uses FROM pg_authid WHERE rolname = $1`,
      [syncRole],
    );
    expect(rows).toEqual([{ logs: false, uses: false }]);
  });

  it('fails for a revocation that is not in the ledger, one that was not captured, and a change that is undone', async () => {
    await moveWrites();
    await expect(proveDrain(deps, input(), stepContext())).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      details: { missing: 1, unknown: 0, undoneChanges: 0 },
    });
    await carryRevocations();
    // Each alone: nothing else may be what stops it.
    await blue.query('UPDATE hydra_cutover.change_log SET done_at = NULL');
    await expect(proveDrain(deps, input(), stepContext())).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      details: { missing: 0, unknown: 0, undoneChanges: 3 },
    });
    await blue.query('UPDATE hydra_cutover.change_log SET done_at = clock_timestamp()');
    await blue.query('DELETE FROM hydra_cutover.revocation');
    await expect(proveDrain(deps, input(), stepContext())).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      details: { missing: 0, unknown: 1, undoneChanges: 0 },
    });
    // One is missing and another unknown: the numbers of both are the same.
    await blue.query(`INSERT INTO hydra_cutover.revocation (kind, key) VALUES ('client_deleted', 'uncarried')`);
    await expect(proveDrain(deps, input(), stepContext())).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      details: { captured: 1, applied: 0, missing: 1, unknown: 1 },
    });
  });
});

describe('finalize', () => {
  beforeEach(async () => {
    await enableCapture(deps, input(), stepContext());
    await makeGreen();
  });

  it('removes nothing before writes have moved', async () => {
    await expect(finalize(deps, input(), stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    expect(await triggers(green)).toEqual(['hydra_cutover_guard']);
  });

  it('leaves blue guarded for good and of green only the archive, also when repeated', async () => {
    await moveWrites();
    const { remains } = await finalize(deps, input(), stepContext());
    expect(remains.map(({ where }) => where)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^instance /) as string,
        expect.stringMatching(/^hydra_cutover_archive\.archive_\w+ on instance /) as string,
      ]),
    );
    expect(await finalize(deps, input(), stepContext())).toEqual({ remains });
    expect(await triggers(blue)).toEqual(['hydra_cutover_guard']);
    await expect(revokeSomething('late')).rejects.toMatchObject({ code: 'HC001' });
    expect(await triggers(green)).toEqual([]);
    const { rows } = await green.query(`SELECT nspname FROM pg_namespace WHERE nspname ~ '^hydra_cutover'`);
    expect(rows).toEqual([{ nspname: 'hydra_cutover_archive' }]);
    // It was made ahead, and has nothing any more.
    const granted = `SELECT 1 FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid AND d.refclassid = 'pg_authid'::regclass WHERE r.rolname = $1 AND d.deptype = 'a'`;
    expect(await count(green, granted, [syncRole])).toBe(0);
  });

  it.each([
    ['a database without an arbiter', 'CROSSED_CONNECTION', 'ALTER SCHEMA hydra_cutover RENAME TO away'],
    ['a green that was opened for another epoch', 'CHECK_FAILED', 'UPDATE hydra_cutover.run SET epoch = epoch + 1'],
  ])('takes %s for no green of it, before blue is marked', async (_what, code, change) => {
    await moveWrites();
    const before = await triggers(blue);
    await green.query(change);
    await expect(finalize(deps, input(), stepContext())).rejects.toMatchObject({ code });
    expect(await triggers(blue)).toEqual(before);
    await green.query(
      code === 'CHECK_FAILED' ? change.replace('+ 1', '- 1') : 'ALTER SCHEMA away RENAME TO hydra_cutover',
    );
    await finalize(deps, input(), stepContext());
  });

  it('goes on where it was killed', async () => {
    await moveWrites();
    await green.query('BEGIN');
    await green.query('LOCK TABLE networks IN ROW EXCLUSIVE MODE');
    const abort = new AbortController();
    const killed = stepContext({
      signal: abort.signal,
      heartbeat: () => abort.abort(new Error('killed')),
    });
    await expect(finalize(deps, input(), killed)).rejects.toThrow('killed');
    await green.query('ROLLBACK');
    await finalize(deps, input(), stepContext());
    expect(await triggers(green)).toEqual([]);
  });
});

describe('token lifetimes', () => {
  const lifespans = async (client: Client): Promise<Record<string, string | null>> => {
    const { rows } = await client.query<{ id: string; span: string | null }>(
      'SELECT id, refresh_token_grant_access_token_lifespan AS span FROM hydra_client ORDER BY id',
    );
    return Object.fromEntries(rows.map(({ id, span }) => [id, span]));
  };
  const TWO_HOURS = String(BigInt(HOUR_NS) * 2n);
  /** A client of each kind, with something harmless in every other column that must not be null. */
  const makeClients = (client: Client) =>
    client.query(
      `DELETE FROM hydra_client;
       INSERT INTO hydra_client
       SELECT (jsonb_populate_record(NULL::hydra_client, d.filled || jsonb_build_object('id', v.id, 'pk', d.pk,
                'refresh_token_grant_access_token_lifespan', v.span, 'nid', d.nid))).*
         FROM (VALUES ('default', NULL), ('short', 60000000000), ('long', 9000000000000)) v (id, span) CROSS JOIN LATERAL (
           SELECT jsonb_object_agg(column_name, CASE WHEN data_type = 'jsonb' THEN '[]' WHEN data_type = 'boolean' THEN 'false'
                    WHEN data_type = 'integer' THEN '0' WHEN data_type ~ '^timestamp' THEN '"2026-01-01"' ELSE '""' END::jsonb)
                    FILTER (WHERE data_type NOT IN ('bigint', 'uuid')) AS filled,
                  CASE WHEN bool_or(column_name = 'nid') THEN to_jsonb(gen_random_uuid()) ELSE to_jsonb(length(v.id)) END AS pk,
                  (xpath('/row/id/text()', query_to_xml(CASE WHEN bool_or(column_name = 'nid') THEN 'SELECT id FROM networks'
                    ELSE 'SELECT 1 AS id' END, false, true, '')))[1]::text AS nid
             FROM information_schema.columns WHERE table_name = 'hydra_client') d`,
    );

  beforeEach(async () => {
    deps = makeDeps({ accessTokenLifespanMs: 7_200_000 });
    for (const client of [blue, green]) await client.query('DROP SCHEMA IF EXISTS hydra_cutover CASCADE');
    await makeClients(blue);
  });

  it('are raised where they are shorter, and restored where nobody changed them since', async () => {
    expect(await extendLifetimes(deps, input(), stepContext())).toEqual({ clients: 3 });
    expect(await extendLifetimes(deps, input(), stepContext())).toEqual({ clients: 3 });
    expect(await lifespans(blue)).toEqual({ default: TWO_HOURS, short: TWO_HOURS, long: '9000000000000' });
    await blue.query(`UPDATE hydra_client SET refresh_token_grant_access_token_lifespan = 5 WHERE id = 'short'`);
    expect(await restoreLifetimes(deps, input(), stepContext())).toEqual({ clients: 3 });
    expect(await restoreLifetimes(deps, input(), stepContext())).toEqual({ clients: 0 });
    expect(await lifespans(blue)).toEqual({ default: null, short: '5', long: '9000000000000' });
  });

  it('are restored on green once writes have moved, from what came with the copy', async () => {
    await makeClients(green);
    await extendLifetimes(deps, input(), stepContext());
    await deps.databases.withSession('green', (client) => raiseLifetimes(client, 7_200_000, { side: 'green' }));
    await enableCapture(deps, input(), stepContext());
    await makeGreen();
    await moveWrites();
    expect(await restoreLifetimes(deps, input(), stepContext())).toEqual({ clients: 3 });
    expect(await restoreLifetimes(deps, input(), stepContext())).toEqual({ clients: 0 });
    expect(await lifespans(green)).toEqual({ default: null, short: '60000000000', long: '9000000000000' });
    expect(await lifespans(blue)).toMatchObject({ default: TWO_HOURS });
    expect(await count(blue, `SELECT 1 FROM pg_namespace WHERE nspname = 'hydra_cutover_lifetimes'`)).toBe(0);
  });

  it('are extended and restored beside a refresh under way, which does not fail for it', async () => {
    await makeClients(blue);
    const refresh = new Client(blueDatabase.config);
    await refresh.connect();
    try {
      for (const change of [extendLifetimes, restoreLifetimes]) {
        // As Hydra does: its snapshot is older than the change, and what it writes then refers to the client.
        await refresh.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM hydra_client');
        await change(deps, input(), stepContext());
        await refresh.query(
          `INSERT INTO hydra_oauth2_obfuscated_authentication_session (subject, client_id, subject_obfuscated)
           VALUES ($1, 'short', $1)`,
          [change.name],
        );
        await refresh.query('COMMIT');
      }
    } finally {
      await refresh.end();
    }
  });

  it('are left alone without the setting', async () => {
    expect(await extendLifetimes(makeDeps(), input(), stepContext())).toEqual({ clients: 0 });
    expect(await lifespans(blue)).toMatchObject({ default: null });
  });
});
