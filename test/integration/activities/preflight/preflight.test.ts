import { once } from 'node:events';
import { type Client } from 'pg';
import { connect, createServer, type Server } from 'node:net';
import { CUTOVER_TAG } from '../../../../domain/ports/database-provider';
import { CutoverFault } from '../../../../domain/faults';
import { seed } from '../../../../world/seeder';
import { installArbiter } from '../../../../hydra/arbiter';
import { freePort } from '../../../../world/net/free-port';
import { asAdmin, useDatabase } from '../../../support/database';
import { gateway, instance, job, PreflightFixture, target } from './preflight-fixture';

// Before the databases go: roles that own something in them cannot be dropped.
afterAll(async () => {
  await world.close();
  await migrated.close();
});
const blueDatabase = useDatabase('hydra_1_11_10');
const migratedDatabase = useDatabase('hydra_2_3_0');
const world = new PreflightFixture(blueDatabase);
const migrated = new PreflightFixture(migratedDatabase);

let client: Client;
let holder: Client;
beforeAll(async () => {
  await world.open();
  await migrated.open();
  client = await blueDatabase.connect();
  holder = await blueDatabase.connect();
  await seed(client, { profile: 'cleanable', grants: 60, seed: 7, asOf: '2026-01-01T00:00:00Z' });
});

const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('- '));

describe('preflight of a world in which everything is right', () => {
  it('makes a plan with counts, each step with its undo, and a commit without one', async () => {
    const { plan, text } = await world.look();
    expect(text).toContain('"mode":"real"');
    expect(plan).toMatchObject({
      environment: 'test',
      hydraVersion: { blue: '1.11.10', green: '2.3.0' },
      gateways: ['gateway-1'],
      targets: ['policies'],
      jobs: ['purge'],
      extendLifetimes: false,
      knownGateways: [{ name: 'gateway-1', isListed: true, serves: 'blue', membership: 'none' }],
    });
    expect(plan?.blue.rows).toMatchObject({ hydra_client: expect.any(Number) as number });
    expect(plan?.blue.databaseBytes).toBeGreaterThan(1_000_000);
    expect(plan?.rules.find(({ id }) => id === 'C01')?.rows).toBeGreaterThan(0);
    const step = (phase: string) => plan?.steps.find((one) => one.phase === phase);
    expect(step('restore')).toMatchObject({ undo: 'green-1 is removed' });
    expect(step('clean')?.what).toMatch(/C01 .*: \d+/);
    expect(step('switchover')?.what).toContain('NO WAY BACK');
    expect(step('stopBlue')?.undo).toBeNull();
    expect(step('lifetimes')).toBeUndefined();
    expect(plan?.warnings.join()).toMatch(/neither behind the gateways nor a target.*begin anew.*no way back/);
    expect(plan?.warnings.join()).not.toContain('logs in once more');
    expect(plan?.warnings.join()).not.toContain('loginTtlMs');
  });

  it('warns when logins on blue took longer than the config lets them, which Hydra ends where its limit is the same', async () => {
    const age = `UPDATE hydra_oauth2_authentication_request SET requested_at = requested_at - $1::interval
      WHERE challenge = (SELECT max(login_challenge) FROM hydra_oauth2_consent_request)`;
    await client.query(age, ['5 hours']);
    expect((await world.look()).plan?.warnings.join()).toMatch(
      /loginTtlMs: 1 of the logins .* longer than 1800000 ms, the slowest 18/,
    );
    const dayLong = await world.look({ settings: (s) => ({ ...s, sync: { ...s.sync, loginTtlMs: 86_400_000 } }) });
    expect(dayLong.plan?.warnings.join()).not.toContain('loginTtlMs');
    await client.query(age, ['-5 hours']);
  });

  it('warns of a folder that takes no report, which is no reason not to begin', async () => {
    const reportFolder = 'ENOSPC: the disk is full';
    expect((await world.look({ reportFolder })).plan?.warnings.join()).toMatch(
      /report\.to: takes no report on this machine \(ENOSPC: the disk is full\).*make room/,
    );
  });

  it("tells in what green's instance will not be as blue's, and why", async () => {
    const { host, port } = blueDatabase.config;
    const settings = { allocatedStorageGib: 100, storageType: 'gp3', deletionProtection: true } as never;
    const { plan } = await world.look({
      instances: { 'blue-1': instance('blue-1', { host, port }, { settings, notCopied: ['read replica blue-2'] }) },
      settings: (s) => ({ ...s, provider: { ...s.provider, greenInstance: { settings: { multiAz: true } } } }),
    });
    expect(plan?.green.differences?.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      'multiAz: green.instance.multiAz',
      'deletionProtection: until finalize: an undo removes green',
      expect.stringMatching(/^read replica blue-2: RDS does not copy it/),
    ]);
  });

  it('lets a reset workflow pass over its own traces, and a restored instance of its own', async () => {
    const endpoint = { host: '127.0.0.1', port: await freePort() };
    const mine = { 'green-1': instance('green-1', endpoint, { tags: { [CUTOVER_TAG]: world.cutoverId } }) };
    await arbiterOf(world.cutoverId, async () => {
      expect((await world.look({ instances: mine })).text).not.toContain('belongs to cutover');
      const { text } = await world.look({ input: { cutoverId: 'another' } });
      expect(text).toMatch(
        new RegExp(`schema hydra_cutover on blue: belongs to cutover ${world.cutoverId} \\(side blue, open`),
      );
    });
  });

  it('never advises to drop a guard, whether its arbiter can be read or not', async () => {
    await arbiterOf(world.cutoverId, async () => {
      await client.query('RESET ROLE');
      await client.query(
        'CREATE TRIGGER hydra_cutover_guard BEFORE INSERT ON hydra_client EXECUTE FUNCTION hydra_cutover.guard()',
      );
      const seen = (await world.look({ input: { cutoverId: 'another' } })).text;
      expect(seen).toContain(`belongs to cutover ${world.cutoverId}`);
      expect(seen).not.toContain('triggers on blue');
      await client.query('ALTER SCHEMA hydra_cutover RENAME TO hydra_cutover_hidden');
      const unseen = (await world.look({ input: { cutoverId: 'another' } })).text;
      await client.query('ALTER SCHEMA hydra_cutover_hidden RENAME TO hydra_cutover');
      expect(unseen).toMatch(/triggers on blue: are guard or capture of a cutover .* leave them/);
      expect(unseen).not.toMatch(/\bdrop\b/);
    });
  });
});

describe('preflight refuses', () => {
  it('with all problems at once, whatever they are of', async () => {
    await world.admin(`CREATE SCHEMA hydra_cutover`);
    await world.admin(`CREATE FUNCTION stray() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`);
    await world.admin(`CREATE TRIGGER hydra_cutover_guard AFTER INSERT ON hydra_client EXECUTE FUNCTION stray()`);
    await world.admin(`ALTER TABLE hydra_jwk ADD COLUMN note text`);
    await client.query(`BEGIN; INSERT INTO schema_migration (version) VALUES ('x'); PREPARE TRANSACTION 'preflight'`);
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE hydra_oauth2_refresh IN ROW EXCLUSIVE MODE');
    const { fault, text } = await world.look({
      input: { environment: 'other', configDigest: 'f'.repeat(64), mode: 'drill' },
      limits: { transactionMs: 0, idleInTransactionMs: 0 },
      gateways: [
        gateway('g1', { mode: 'hold', epoch: 4 }),
        gateway('g2', { ready: { blue: false, green: false } }, { appliedSide: 'green' }),
      ],
      targets: [target('t1', { appliedSide: null }), unreachableTarget('t2')],
      hydra: { version: () => Promise.resolve('v1.10.2') },
      commands: {
        has: (name) => name !== 'migrate',
        problem: async (name) => (name === 'startGreen' ? 'x is not executable' : undefined),
      },
      instances: { 'green-1': instance('green-1', { host: '127.0.0.1', port: 1 }) },
    });
    await holder.query('ROLLBACK');
    await client.query(`ROLLBACK PREPARED 'preflight'`);
    await world.admin(`ALTER TABLE hydra_jwk DROP COLUMN note; DROP FUNCTION stray CASCADE; DROP SCHEMA hydra_cutover`);
    expect(fault).toMatchObject({ name: 'CutoverFault', code: 'CHECK_FAILED' });
    const wanted = [
      /environment: the cutover is of other, the worker's config of test/,
      /config: the worker's config .* is not the one that was looked at/,
      /environment\.allowsDrill: a drill was asked for where the config does not allow one/,
      /instance green-1: exists and was not made by a cutover/,
      /schema hydra_cutover on blue: exists, owned by \w+, and is no arbiter/,
      /triggers on blue: have names of ours, and call no function of ours: hydra_cutover_guard on hydra_client/,
      /column hydra_jwk\.note on blue: is none of Hydra's.*; ALTER TABLE public\.hydra_jwk DROP COLUMN note/,
      /process \d+ on blue's database: tests .* is in a transaction .* holds hydra_oauth2_refresh/,
      /blue's database: a prepared transaction of tests since/,
      /gateway g1: is in the mode hold, epoch 4; allowed: pass/,
      /gateway g2: does not reach a ready blue/,
      /gateway g2: serves green/,
      /gateways: are of different epochs: g1 4, g2 0/,
      /target t1: serves a state that the config does not know/,
      /target t2: no answer \(TARGET_UNREACHABLE\)/,
      /blue's Hydra: says that it is 1\.10\.2; allowed: 1\.11\.10/,
      /green\.commands\.migrate: is missing/,
      /green\.commands\.start: x is not executable/,
    ];
    const told = wanted.filter((one) => lines(text).filter((line) => one.test(line)).length === 1);
    expect(told).toEqual(wanted);
    expect(text).toContain(`preflight found ${lines(text).length} problems; nothing was changed`);
  });

  it('a wrong password, and goes on with what needs none', async () => {
    const { text } = await world.look({ blue: { password: () => 'wrong-one' }, gateways: [] });
    expect(text).toMatch(/blue's database: the server refuses the password; correct the password or the user/);
    expect(text).toContain('gateways: there is none');
    expect(text).not.toContain('wrong-one');
  });

  it('a blue that somebody already migrated, though its Hydra says that it is ready', async () => {
    const { text } = await migrated.look();
    expect(text).toMatch(/has the table hydra_oauth2_flow: somebody migrated it beyond Hydra 1\.11\.10/);
  });

  it.each([
    [
      'one too few',
      `DELETE FROM schema_migration WHERE version = (SELECT min(version) FROM schema_migration)`,
      /schema_migration on blue: has 54 of the 55 migrations of Hydra 1\.11\.10; .*run migrate sql of Hydra 1\.11\.10/,
    ],
    [
      'one of a later Hydra',
      `INSERT INTO schema_migration (version) VALUES ('20230606112801000001')`,
      /schema_migration on blue: has 1 migrations of a later Hydra; /,
    ],
    [
      'those of another product',
      `INSERT INTO schema_migration (version) VALUES ('20230614000001000000'), ('20990101000000000000')`,
      /has migrations that no Hydra has: 20230614000001000000, 20990101000000000000; .*Kratos or Keto/,
    ],
  ])('migrations that are not those of 1.11.10: %s', async (_case, change, expected) => {
    await world.admin(`CREATE TABLE kept AS TABLE schema_migration; ${change}`);
    const { text } = await world.look();
    await world.admin(`TRUNCATE schema_migration; INSERT INTO schema_migration SELECT * FROM kept; DROP TABLE kept`);
    expect(text).toMatch(expected);
    expect(text).not.toMatch(/restore it/);
  });

  it('one database for both sides, by instance, by another name of the host, and behind a relay', async () => {
    const same = await world.look({
      settings: (s) => ({ ...s, provider: { ...s.provider, greenInstanceId: 'BLUE-1' } }),
    });
    expect(same.text).toMatch(/green\.rdsInstanceId: is BLUE-1, the same instance as blue's/);
    const { port } = blueDatabase.config;
    const named = await world.look({ green: { host: 'localhost', port } });
    expect(named.text).toMatch(/green\.database: leads to blue's server \(localhost:/);
    const relay = await relayTo(port);
    const relayed = await world.look({
      green: { host: '127.0.0.1', port: relay.port, name: blueDatabase.config.database },
    });
    await relay.close();
    expect(relayed.text).toMatch(/green\.database: leads to blue's server under another name/);
  });

  it('an address of blue that is not that of its instance', async () => {
    const port = await freePort();
    const { text } = await world.look({ instances: { 'blue-1': instance('blue-1', { host: '127.0.0.1', port }) } });
    expect(text).toMatch(/blue\.database\.host: leads to .* and instance blue-1 is at 127\.0\.0\.1:/);
  });

  it('an instance that is not there, not available, or too small', async () => {
    const { host, port } = blueDatabase.config;
    const absent = await world.look({ instances: { 'blue-1': undefined as never } });
    expect(absent.text).toMatch(/instance blue-1: does not exist/);
    const settings = { allocatedStorageGib: 0.0001, storageType: 'gp3' } as never;
    const small = await world.look({
      instances: { 'blue-1': instance('blue-1', { host, port }, { status: 'modifying', settings }) },
    });
    expect(small.text).toMatch(/instance blue-1: is modifying/);
    expect(small.text).toMatch(/storage of blue: .* GiB are used.*allocate more storage/);
  });

  it("a copy that cannot be made so, and the snapshot's name in another's hands", async () => {
    const { text } = await world.look({
      settings: (s) => ({
        ...s,
        provider: { ...s.provider, greenInstance: { settings: { allocatedStorageGib: 50, iops: 9_000 } } },
      }),
      snapshot: { tags: { [CUTOVER_TAG]: 'another' } },
    });
    expect(text).toMatch(
      /green\.instance: allocatedStorageGib is 50, and blue has 100: RDS never makes storage smaller/,
    );
    expect(text).toMatch(/green\.instance: iops cannot be set for gp3 of 50 GiB/);
    expect(text).toContain(`snapshot hydra-cutover-${world.cutoverId}: exists and belongs to another`);
  });

  it('a role that may too little, naming each right', async () => {
    const { master, owner } = world;
    await asAdmin(`REVOKE ${owner}, pg_signal_backend, ${world.syncRole} FROM ${master}`);
    await asAdmin(`REVOKE CREATE ON DATABASE ${blueDatabase.config.database} FROM ${master}`);
    const { text } = await world.look({
      settings: (s) => ({ ...s, green: { ...s.green, arbiterRoles: ['nobody_of_this_name'] } }),
    });
    await asAdmin(`GRANT ${owner}, pg_signal_backend, ${world.syncRole} TO ${master}`);
    await asAdmin(`GRANT CREATE ON DATABASE ${blueDatabase.config.database} TO ${master}`);
    expect(text).toContain(`${master} lacks CREATE on the database`);
    // The same list as that of `privileges --check`.
    for (const lack of ['pg_signal_backend', `membership of ${owner}`, `the rights of the database's owner`]) {
      expect(text).toContain(`rights on blue: ${master} lacks ${lack}`);
    }
    expect(text).toContain(`rights on blue: ${master} may not act as ${world.syncRole}`);
    expect(text).toContain("the gateways' role nobody_of_this_name does not exist");
  });

  it("tables of Hydra that do not belong to Hydra's role", async () => {
    await world.admin(`ALTER TABLE hydra_client OWNER TO ${world.master}`);
    const { text } = await world.look();
    await world.admin(`ALTER TABLE hydra_client OWNER TO ${world.owner}`);
    expect(text).toMatch(new RegExp(`do not belong to ${world.owner}: hydra_client`));
  });

  it('row level security that would hide rows, by table, with the statement that helps', async () => {
    await world.admin(`ALTER TABLE hydra_client ENABLE ROW LEVEL SECURITY; ALTER TABLE hydra_jwk ENABLE ROW LEVEL SECURITY;
      ALTER TABLE hydra_client FORCE ROW LEVEL SECURITY; CREATE POLICY own ON hydra_client USING (current_user = '${world.owner}')`);
    const { text } = await world.look();
    await world.admin(`DROP POLICY own ON hydra_client; ALTER TABLE hydra_client NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE hydra_client DISABLE ROW LEVEL SECURITY; ALTER TABLE hydra_jwk DISABLE ROW LEVEL SECURITY`);
    expect(text).toContain('table hydra_client on blue: has row level security, forced on its owner');
    expect(text).toContain('ALTER TABLE "public".hydra_client NO FORCE ROW LEVEL SECURITY');
    // Members of the owner see everything, where it is not forced.
    expect(lines(text)).toHaveLength(1);
  });

  it("what hangs on Hydra's tables and would stop the migration hours later, each with the statement that helps", async () => {
    await world.admin(`CREATE SCHEMA bi; CREATE VIEW consent_report AS SELECT cr.subject FROM hydra_oauth2_consent_request AS cr; ALTER VIEW consent_report OWNER TO ${world.owner};
      CREATE MATERIALIZED VIEW bi.clients AS SELECT id, redirect_uris FROM hydra_client;
      CREATE FUNCTION bi.f(c hydra_oauth2_consent_request) RETURNS int LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE bi.notes (challenge varchar(40) REFERENCES hydra_oauth2_consent_request (challenge));
      CREATE TABLE bi.installation (client_id varchar(255) REFERENCES hydra_client (id) ON DELETE CASCADE);
      CREATE TABLE bi.seen (signature varchar(255) REFERENCES hydra_oauth2_refresh (signature));
      ALTER TABLE hydra_oauth2_access ADD CONSTRAINT own CHECK (length(signature) < 100) NOT VALID;
      CREATE INDEX hydra_oauth2_refresh_requested_at_idx ON hydra_oauth2_refresh (requested_at)`);
    const { text, fault } = await world.look();
    await world.admin(`DROP SCHEMA bi CASCADE; DROP VIEW consent_report; ALTER TABLE hydra_oauth2_access DROP CONSTRAINT own;
      DROP INDEX hydra_oauth2_refresh_requested_at_idx`);
    expect(lines(text).sort()).toEqual(
      [
        /constraint notes_challenge_fkey on bi\.notes on blue: .*; ALTER TABLE bi\.notes DROP CONSTRAINT notes_challenge_fkey/,
        /constraint own on hydra_oauth2_access on blue: .*; ALTER TABLE public\.hydra_oauth2_access DROP CONSTRAINT own/,
        /function bi\.f\(public\.hydra_oauth2_consent_request\) on blue: .*; DROP (ROUTINE|FUNCTION) bi\.f/,
        /view bi\.clients on blue: .*; DROP MATERIALIZED VIEW bi\.clients/,
      ].map((line) => expect.stringMatching(line) as string),
    );
    expect(JSON.stringify(fault?.details.warnings)).toMatch(
      /installation_client_id_fkey on bi\.installation on blue: .*ALTER TABLE bi\.installation ADD CONSTRAINT .* FOREIGN KEY .* ON DELETE CASCADE/,
    );
  });

  it('nothing that green can be adapted to while blue keeps it, and the plan says what is done there', async () => {
    await world.admin(`SET ROLE ${world.owner}; CREATE VIEW consent_report AS SELECT subject FROM hydra_oauth2_consent_request;
      CREATE INDEX hydra_oauth2_refresh_requested_at_idx ON hydra_oauth2_refresh (requested_at);
      DROP INDEX hydra_oauth2_code_request_id_idx; CREATE INDEX own ON hydra_client (client_name)`);
    const { plan, text } = await world.look();
    await world.admin(`SET ROLE ${world.owner}; DROP VIEW consent_report; DROP INDEX hydra_oauth2_refresh_requested_at_idx, own;
      CREATE INDEX hydra_oauth2_code_request_id_idx ON hydra_oauth2_code (request_id)`);
    const adapted = plan?.catalog?.flatMap(({ onGreen }) => onGreen ?? []);
    expect([text.slice(0, 300), adapted?.sort()]).toEqual([
      expect.any(String),
      [
        'ALTER INDEX public.hydra_oauth2_refresh_requested_at_idx RENAME TO own_hydra_oauth2_refresh_requested_at_idx',
        expect.stringMatching(/^CREATE INDEX hydra_oauth2_code_request_id_idx ON public\.hydra_oauth2_code /),
        'DROP VIEW public.consent_report',
      ],
    ]);
    expect(plan?.catalog?.find(({ object }) => object === 'index own on hydra_client')).toMatchObject({
      class: 'harmless',
    });
    expect(plan?.warnings.join()).toMatch(/view public\.consent_report on blue: depends on .*blue keeps it.*DROP VIEW/);
  });

  it('a subscription to whatever it may be, of which green would have a second one on the same slot', async () => {
    await world.admin(
      `CREATE TABLE notes (a int); CREATE SUBSCRIPTION news CONNECTION 'host=127.0.0.1 port=1' PUBLICATION none WITH (connect = false, slot_name = news)`,
    );
    const idle = await world.look();
    await world.admin('ALTER SUBSCRIPTION news ENABLE');
    const { text } = await world.look();
    await world.admin(`ALTER SUBSCRIPTION news DISABLE;
      INSERT INTO pg_subscription_rel SELECT oid, 'hydra_jwk'::regclass, 'r' FROM pg_subscription WHERE subname = 'news'`);
    const writing = await world.look();
    await world.admin('ALTER SUBSCRIPTION news SET (slot_name = NONE); DROP SUBSCRIPTION news; DROP TABLE notes');
    expect(idle.text).not.toContain('news');
    expect(writing.text).toMatch(/subscription news on hydra_jwk on blue: .*somebody else writes to it/);
    expect(lines(text)).toEqual([
      expect.stringMatching(/subscription news on blue: is enabled.*ALTER SUBSCRIPTION news DISABLE before the start/),
    ]);
  });

  it('a schema that drifted, by table and column', async () => {
    await world.admin(
      `ALTER TABLE hydra_client RENAME COLUMN owner TO owned_by; CREATE TABLE hydra_extra (a int); CREATE TABLE notes (a int)`,
    );
    const { text } = await world.look();
    await world.admin(`ALTER TABLE hydra_client RENAME COLUMN owned_by TO owner; DROP TABLE hydra_extra, notes`);
    expect(text).toContain('column hydra_client.owner on blue: is missing');
    expect(text).toContain("column hydra_client.owned_by on blue: is none of Hydra's");
    expect(text).toContain("table hydra_extra on blue: has a name like Hydra's and is none of its own");
    expect(text).not.toContain('notes');
  });

  it('data that nobody but a person can fix, by rule and count, without the data', async () => {
    await seed(client, { profile: 'J03-stop', grants: 20, seed: 8, asOf: '2026-01-01T00:00:00Z' });
    const { text } = await world.look();
    expect(lines(text)).toHaveLength(1);
    expect(text).toMatch(/data rule J03-stop on blue: \d+ /);
  });
});

function unreachableTarget(name: string) {
  const refuse = () => Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'no answer'));
  return { ...target(name), name, read: refuse } as never;
}

/** With an arbiter of a cutover on blue while `work` runs. */
async function arbiterOf(cutoverId: string, work: () => Promise<void>): Promise<void> {
  await client.query(`SET ROLE ${world.master}`);
  await installArbiter(client, { side: 'blue', cutoverId, initialState: 'open' });
  try {
    await work();
  } finally {
    await client.query('DROP SCHEMA hydra_cutover CASCADE; RESET ROLE');
  }
}

async function relayTo(port: number): Promise<{ port: number; close: () => Promise<unknown> }> {
  const server: Server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1');
    for (const one of [socket, upstream]) one.on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

describe('preflight warns', () => {
  it('of what is risky and no reason to refuse', async () => {
    const migratedAside = await world.look({
      limits: { clockDifferenceMs: -1 },
      jobs: [job('purge', true)],
      gateways: [gateway('g', { features: ['stale-challenges'] })],
      targets: [target('t', { stagedEpoch: 7 })],
      hydra: { version: () => Promise.resolve('master') },
    });
    // The planted data of the last test refuses; warnings travel with the fault.
    const told = JSON.stringify(migratedAside.fault?.details.warnings ?? migratedAside.plan?.warnings);
    expect(told).toMatch(/clock differs by/);
    expect(told).toMatch(/job purge: is paused already/);
    expect(told).toMatch(/target t: has a staged epoch \(7\)/);
    expect(told).toMatch(/does not say its version/);
    expect(told).toMatch(/gateway g: does not translate session cookies.*every user logs in once more/);
  });
});
