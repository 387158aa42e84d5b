import { keepRowHashes } from '../../../activities/rehearsal/row-hashes';
import { cleanGreen } from '../../../activities/clean-green';
import { startGreen, stopGreen } from '../../../activities/green-hydra';
import { openSide } from '../../../hydra/arbiter/arbiter';
import { closeGreen } from '../../../activities/close-green';
import { guardGreen } from '../../../activities/guard-green';
import { migrateGreen } from '../../../activities/migrate-green';
import { repairGreen } from '../../../activities/repair-green';
import { deleteGreen, deleteSnapshot, restoreGreen, takeSnapshot } from '../../../activities/snapshot';
import { type StepContext } from '../../../activities/step';
import { vacuumGreen } from '../../../activities/vacuum-green';
import { OUR_ROLES } from '../../../domain/our-roles';
import { type DatabaseProvider } from '../../../domain/ports/database-provider';
import { type DatabaseSession } from '../../../domain/ports/databases';
import { queryRows } from '../../../domain/ports/sql-client';
import { guardTables, installArbiter } from '../../../hydra/arbiter/install-arbiter';
import { readRunRow } from '../../../hydra/closing';
import { seed } from '../../../world/seeder';
import { percentsOf } from '../../support/percents';
import { sharedServers } from '../../support/shared-servers';
import { Stages } from '../../support/stages';
import { until } from '../../support/until';
import { Client } from 'pg';
import { GreenFixture, ODD_NAMES, SECRET, stepContext, testCommands } from './green-fixture';
import { declareDifferenceTests } from './green-differences';
import { CLIENT_ORIGIN, GreenHydras } from './green-hydras';
import { greenAnswersAsBlueDid } from './green-answers';
import { copyIsWritten } from './copy-is-written';
import { bothHydrasAnswer } from './both-hydras-answer';
import { MASTER_PASSWORD } from '../world/rds/endpoint-fixture';

const AS_OF = '2026-03-01T12:00:00.000Z';
const { hydra230, hydra11110 } = sharedServers().binaries;
const MIGRATE = [hydra230, 'migrate', 'sql', 'up', '-e', '-y'] as const;
const STATUS = [hydra230, 'migrate', 'sql', 'status', '-e'] as const;

let fixture: GreenFixture;
const hydras = new GreenHydras();
const progress: Record<string, unknown>[] = [];
const context = (changes: Partial<StepContext> = {}) =>
  stepContext({ heartbeat: (now) => progress.push({ ...now }), ...changes });

beforeAll(async () => {
  fixture = await GreenFixture.start(ODD_NAMES);
  await withBlue(async (client) => {
    await seed(client, { profile: 'fixable', grants: 200, seed: 11, asOf: AS_OF, systemSecret: SECRET });
    await client.query(
      `UPDATE hydra_client SET allowed_cors_origins = $1 WHERE id IN (SELECT id FROM hydra_client ORDER BY id LIMIT 3)`,
      [CLIENT_ORIGIN],
    );
  });
  await hydras.start(fixture, 'blue');
});
afterAll(async () => {
  await hydras.close();
  await fixture.dispose();
});

async function withBlue(work: (client: Client) => Promise<void>): Promise<void> {
  const { host, port } = await fixture.databases.address('blue');
  const client = new Client({
    host,
    port,
    user: 'master',
    password: MASTER_PASSWORD,
    database: fixture.names.database,
  });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** In a session of its own: within a transaction the view does not move. */
const migrationSessions = async (condition = 'true') => {
  const [row] = await fixture.on('green', (green) =>
    queryRows<{ n: number }>(
      green,
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = $1 AND ${condition}`,
      [fixture.names.migration],
    ),
  );
  return row?.n ?? 0;
};

const migrations = async () => {
  const [row] = await fixture.on('green', (green) =>
    queryRows<{ n: number }>(green, 'SELECT count(*)::int AS n FROM schema_migration'),
  );
  return row?.n;
};

/** As if green had never been opened: what serves is neither stopped nor removed. */
const closeAgain = () =>
  fixture.on('green', (session) => session.query(`UPDATE hydra_cutover.run SET state = 'closed', epoch = 0`));

/** Changes rows of green though it is closed, as a defect of the migration would have. */
async function changeClosed(sql: string): Promise<void> {
  await fixture.on('green', async (green) => {
    await openSide(green, 1, 1_000);
    await green.query(sql);
  });
  await closeAgain();
}

/** What a cutover does with green, in its order; every step finds what is there when it comes again. */
const stages = new Stages({
  restored: async () => {
    await fixture.on('blue', async (blue) => {
      await blue.query(`CREATE ROLE analyst LOGIN PASSWORD 'analyst-password'`);
      const owner = OUR_ROLES.owner;
      await installArbiter(blue, { side: 'blue', cutoverId: fixture.input.cutoverId, initialState: 'open', owner });
      await guardTables(blue);
    });
    await takeSnapshot(fixture.deps(), fixture.input, context());
    await restoreGreen(fixture.deps(), fixture.input, context());
  },
  closed: async () => {
    await closeGreen(fixture.deps(), fixture.input, context());
    // Of a rehearsal: what makes it one, and what its writes are judged by.
    await fixture.whileKeeperReadsNothing(() => keepRowHashes(fixture.deps(), fixture.input, context()));
  },
  cleaned: async () => void (await cleanGreen(fixture.deps(), fixture.input, context())),
  migrated: async () => {
    const commands = testCommands({ migrate: MIGRATE, migrateStatus: STATUS });
    await migrateGreen(fixture.deps({ commands }), fixture.input, context());
  },
  guarded: async () => {
    await repairGreen(fixture.deps(), fixture.input, context());
    await guardGreen(fixture.deps(), fixture.input, context());
  },
  started: () => hydras.start(fixture, 'green'),
  open: () => fixture.on('green', async (session) => void (await openSide(session, 1, 1_000))),
});

describe('green, from the snapshot on', () => {
  it('is restored from a snapshot taken while blue was armed, and both steps find what is there when repeated', async () => {
    await stages.reach('restored');
    const deps = fixture.deps();
    const taken = await takeSnapshot(deps, fixture.input, context());
    expect(await takeSnapshot(deps, fixture.input, context())).toEqual(taken);
    expect(await restoreGreen(deps, fixture.input, context())).toEqual({ instanceId: 'green' });
    expect(progress).toContainEqual(expect.objectContaining({ status: expect.any(String) as string }));
    expect(percentsOf(progress).length).toBeGreaterThan(0);
  });

  it('is not closed when the connection of green leads to blue, and blue is left as it was', async () => {
    await stages.reach('restored');
    const crossed = fixture.deps({ databases: fixture.databasesAt('blue', 'blue') });
    const before = await fixture.on('blue', readRunRow);
    await expect(closeGreen(crossed, fixture.input, context())).rejects.toMatchObject({ code: 'CROSSED_CONNECTION' });
    expect(await fixture.on('blue', readRunRow)).toEqual(before);
  });

  it('is not closed when the addresses of both sides are swapped, whoever notices', async () => {
    await stages.reach('restored');
    const swapped = fixture.deps({ databases: fixture.databasesAt('green', 'blue') });
    const refused = { code: 'CROSSED_CONNECTION' };
    await expect(closeGreen(swapped, fixture.input, context())).rejects.toMatchObject(refused);
    // Behind a tunnel the addresses say nothing.
    const blind = fixture.deps({
      databases: swapped.databases,
      provider: {
        describeInstance: () => Promise.resolve(undefined),
        describeSnapshot: (id: string) => fixture.provider.describeSnapshot(id),
      } as unknown as DatabaseProvider,
    });
    await expect(closeGreen(blind, fixture.input, context())).rejects.toMatchObject(refused);
  });

  it('is closed to everybody but us, resumed after a kill between any two of its statements', async () => {
    await stages.reach('restored');
    const login = { user: fixture.hydra.role, password: fixture.hydra.password };
    expect(await fixture.canLogIn(login.user, login.password)).toBe(true);
    const stranger = fixture.on('green', (client) => client.query('SELECT pg_sleep(3600)'), {
      login: { user: 'analyst', password: 'analyst-password' },
    });
    const ended = expect(stranger).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });
    for (let statements = 1; ; statements++) {
      const killed = fixture.deps({ databases: fixture.killedAfter(statements) });
      const died = await closeGreen(killed, fixture.input, context()).then(
        () => false,
        (error: unknown) => {
          if (!(error instanceof Error) || error.message !== 'killed') throw error;
          return true;
        },
      );
      if (!died) break;
    }
    await ended;
    expect(await fixture.canLogIn(login.user, login.password)).toBe(false);
    expect(await fixture.on('green', readRunRow)).toMatchObject({ side: 'green', cutoverId: fixture.input.cutoverId });
    expect(await fixture.on('blue', readRunRow)).toMatchObject({ side: 'blue' });
    const [left] = await fixture.on('green', (green) =>
      queryRows<{ schemas: number; triggers: number }>(
        green,
        `SELECT (SELECT count(*)::int FROM pg_namespace WHERE nspname = 'hydra_cutover_blue') AS schemas,
                (SELECT count(*)::int FROM pg_trigger WHERE tgname ~ '^hydra_cutover') AS triggers`,
      ),
    );
    expect(left).toEqual({ schemas: 0, triggers: 0 });
  });

  it('is cleaned with one "now", and a repeat gives the same counts', async () => {
    await stages.reach('closed');
    const clean = () => cleanGreen(fixture.deps(), fixture.input, context());
    const first = await fixture.whileKeeperReadsNothing(clean);
    expect(first.rules.find(({ id }) => id === 'C02')?.rows).toBeGreaterThan(0);
    expect(first.rules.find(({ id }) => id === 'C02')?.archived).toBeGreaterThan(0);
    expect(await cleanGreen(fixture.deps(), fixture.input, context())).toEqual(first);
    await fixture.on('green', (green) => green.query('UPDATE hydra_cutover.preparation SET cleaned = NULL'));
    expect(await cleanGreen(fixture.deps(), fixture.input, context())).toEqual(first);
    const asOf = await fixture.on('green', (green) =>
      queryRows(green, 'SELECT DISTINCT as_of FROM hydra_cutover.archive'),
    );
    expect(asOf).toHaveLength(1);
  });

  describe('its migration', () => {
    const withCommands = (migrate: readonly string[], status: readonly string[] = STATUS) =>
      fixture.deps({ commands: testCommands({ migrate, migrateStatus: status }) });

    beforeEach(() => stages.reach('cleaned'));

    it('fails when the command succeeds and migrations are pending, or when it is of another version', async () => {
      const wrong = withCommands([hydra11110, 'migrate', 'sql', '-e', '-y']);
      await expect(migrateGreen(wrong, fixture.input, context())).rejects.toMatchObject({
        code: 'MIGRATION_FAILED',
        details: { applied: 55, expected: 212 },
      });
    });

    it('that fails over a row tells the line that says why and the name of the migration, and logs the rest', async () => {
      // What the migration takes for JSON, and no content of it may be told.
      const write = `UPDATE hydra_client SET redirect_uris = $1 WHERE id = (SELECT min(id) FROM hydra_client)`;
      const [client] = await fixture.on('green', (green) =>
        queryRows<{ uris: string }>(green, 'SELECT redirect_uris AS uris FROM hydra_client ORDER BY id LIMIT 1'),
      );
      await fixture.on('green', (green) => green.query(write, ['https://private.example/\\|b']));
      const said: string[] = [];
      const commands = testCommands({ migrate: MIGRATE, migrateStatus: STATUS }, said);
      const failed: unknown = await migrateGreen(fixture.deps({ commands }), fixture.input, context()).catch(
        (error: unknown) => error,
      );
      await fixture.on('green', (green) => green.query(write, [client?.uris]));
      expect(failed).toMatchObject({
        code: 'MIGRATION_FAILED',
        message: expect.stringMatching(
          /of 212 migrations.*migration 20220513000001000002_string_slice_json failed.*ERROR: .*json \(SQLSTATE 22P02\)/,
        ) as string,
        details: { migration: '20220513000001000002_string_slice_json' },
      });
      const { message } = failed as Error;
      expect(message).not.toMatch(/runtime|\.go:|UPDATE|private/);
      expect(message.length).toBeLessThan(800);
      // The stack of Go is in the log, beside all else.
      expect(said.length).toBeGreaterThan(1_000);
      expect(said.join('\n')).toContain('runtime.goexit');
      expect(said.join('\n')).not.toContain('private.example');
    });

    it('fails when a lock is not to be had, and leaves nobody able to log in', async () => {
      await fixture.on('green', async (green) => {
        await green.query('BEGIN');
        await green.query('LOCK TABLE hydra_client IN ACCESS SHARE MODE');
        await expect(migrateGreen(withCommands(MIGRATE), fixture.input, context())).rejects.toMatchObject({
          code: 'MIGRATION_FAILED',
        });
        await green.query('ROLLBACK');
        const roles = await queryRows(
          green,
          `SELECT 1 FROM pg_roles WHERE rolname = $1 AND has_database_privilege(oid, current_database(), 'CONNECT')`,
          [fixture.names.migration],
        );
        expect(roles).toEqual([]);
      });
      expect(await migrations()).toBeLessThan(212);
    });

    it('is ended with its sessions when it is cancelled in the middle, and goes on where it stopped', async () => {
      const patient = { ...fixture.settings, migration: { ...fixture.settings.migration, lockTimeoutMs: 30_000 } };
      const cancel = new AbortController();
      await fixture.on('green', async (green) => {
        await green.query('BEGIN');
        await green.query('LOCK TABLE hydra_client IN ACCESS SHARE MODE');
        const { signal } = cancel;
        const deps = { ...withCommands(MIGRATE), settings: patient };
        const running = migrateGreen(deps, fixture.input, context({ signal }));
        const ended = expect(running).rejects.toThrow('cancelled');
        const waits = async () => (await migrationSessions(`wait_event_type = 'Lock'`)) > 0;
        await until('the migration waits for the lock', waits);
        cancel.abort(new Error('cancelled'));
        await ended;
        // Still locked: a session that nobody ended would wait on, client or not.
        expect(await migrationSessions()).toBe(0);
        await green.query('ROLLBACK');
      });
      expect(await migrations()).toBeLessThan(212);

      const seen: unknown[] = [];
      const deps = { ...withCommands(MIGRATE), settings: patient };
      const receipt = await migrateGreen(deps, fixture.input, context({ heartbeat: (now) => seen.push(now) }));
      expect(receipt).toMatchObject({ applied: 212, pending: 0 });
      // By the server's own counters; consents become rows of another table.
      expect(receipt.costs?.rowsInserted).toBeGreaterThan(50);
      expect(receipt.costs?.walBytes).toBeGreaterThan(100_000);
      expect(receipt.costs?.commits).toBeGreaterThan(50);
      expect(Object.values(receipt.costs ?? {}).every((value) => value >= 0)).toBe(true);
      expect(percentsOf(seen).length).toBeGreaterThan(0);
      expect(await migrations()).toBe(212);
      const repeat = await migrateGreen(withCommands(['false']), fixture.input, context());
      expect(repeat).toMatchObject({ applied: 212 });
      expect(repeat.costs).toBeUndefined();
    });
  });

  it('is repaired, guarded and only then opened for logins, Hydra with its own password', async () => {
    await stages.reach('migrated');
    const repair = () => repairGreen(fixture.deps(), fixture.input, context());
    const repaired = await fixture.whileKeeperReadsNothing(repair);
    expect(repaired.fixups).toEqual([{ id: 'states', rows: expect.any(Number) as number }]);
    expect(repaired.fixups[0]?.rows).toBeGreaterThan(0);
    expect(await repairGreen(fixture.deps(), fixture.input, context())).toEqual(repaired);
    expect(await fixture.canLogIn(fixture.hydra.role, fixture.hydra.password)).toBe(false);

    const guarded = await guardGreen(fixture.deps(), fixture.input, context());
    expect(guarded.tables).toBeGreaterThan(14);
    expect(await guardGreen(fixture.deps(), fixture.input, context())).toEqual(guarded);
    await fixture.whileKeeperReadsNothing(() => vacuumGreen(fixture.deps(), fixture.input, context()));
    expect(await fixture.canLogIn(fixture.hydra.role, fixture.hydra.password)).toBe(false);
    expect(await fixture.canLogIn('analyst', 'analyst-password')).toBe(true);
    const login = { user: fixture.hydra.role, password: fixture.greenPassword };
    await fixture.on(
      'green',
      async (hydra) => {
        await hydra.query('SELECT count(*) FROM hydra_oauth2_flow');
        await expect(hydra.query('DELETE FROM hydra_client')).rejects.toMatchObject({ code: 'HC001' });
        await expect(hydra.query('DELETE FROM schema_migration')).rejects.toMatchObject({ code: 'HC002' });
      },
      { login },
    );
  });

  it('is refused when the Hydra that answers for it uses another database', async () => {
    await stages.reach('guarded');
    const settings = { ...fixture.settings, green: { ...fixture.settings.green, readyDeadlineMs: 300 } };
    const deps = fixture.deps({ hydra: hydras.api('blue'), settings });
    await expect(startGreen(deps, fixture.input, context())).rejects.toMatchObject({ code: 'CROSSED_CONNECTION' });
  });

  it('is not taken for started while no Hydra is ready', async () => {
    await stages.reach('guarded');
    const settings = { ...fixture.settings, green: { ...fixture.settings.green, readyDeadlineMs: 300 } };
    await expect(
      startGreen(fixture.deps({ hydra: hydras.api(), settings }), fixture.input, context()),
    ).rejects.toMatchObject({
      code: 'PROCESS_NOT_READY',
    });
  });

  describe('its Hydra', () => {
    beforeAll(() => stages.reach('started'));

    it('is ready, uses its database and has the keys and issuer of blue, while closed', async () => {
      const started = await startGreen(fixture.deps({ hydra: hydras.api() }), fixture.input, context());
      expect(started).toEqual({ differences: [] });
    });

    declareDifferenceTests(hydras, () => fixture, context);
    it('is asked what blue is asked before anything moves; what somebody changed since the snapshot is no finding', async () => {
      await bothHydrasAnswer(fixture, hydras, changeClosed);
    });

    it('answers as blue did; a consent that is there and not listed fails the validation and the purge guard', async () => {
      await greenAnswersAsBlueDid(fixture, hydras);
    });

    it('serves on, unchanged, when a step that prepares, stops or removes green comes again', async () => {
      await stages.reach('open');
      const deps = fixture.deps({ hydra: hydras.api(), commands: testCommands({ startGreen: ['false'] }) });
      const steps = { closeGreen, cleanGreen, migrateGreen, repairGreen, guardGreen, vacuumGreen, startGreen };
      const before = await fixture.lookAtGreen();
      const login = { user: fixture.hydra.role, password: fixture.greenPassword };
      const asHydra = async (session: DatabaseSession) => {
        for (const [name, step] of Object.entries({ ...steps, stopGreen, deleteGreen, deleteSnapshot })) {
          const refusal = await step(deps, fixture.input, context()).catch((error: unknown) => error);
          expect({ name, refusal }).toMatchObject({ name, refusal: { code: 'CHECK_FAILED' } });
        }
        await session.query('SELECT 1');
      };
      await fixture.on('green', asHydra, { login });
      expect(await fixture.lookAtGreen()).toEqual(before);
      expect(await fixture.canLogIn(login.user, login.password)).toBe(true);
    });

    it('of a rehearsal writes all that it will have to write, changes nothing else, and can never be opened any more', async () => {
      await copyIsWritten(fixture, hydras, closeAgain);
    });

    it('is stopped by its command, which must have an effect', async () => {
      await closeAgain();
      const deps = fixture.deps({ hydra: hydras.api(), commands: testCommands({ stopGreen: ['true'] }) });
      const settings = { ...fixture.settings, green: { ...fixture.settings.green, readyDeadlineMs: 300 } };
      await expect(stopGreen({ ...deps, settings }, fixture.input, context())).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
      });
      await hydras.stop('green');
      await stopGreen(deps, fixture.input, context());
    });
  });

  it('is removed with its snapshot, and removing twice is no error', async () => {
    await stages.reach('closed');
    await closeAgain();
    for (let time = 0; time < 2; time++) {
      await deleteGreen(fixture.deps(), fixture.input, context());
      await deleteSnapshot(fixture.deps(), fixture.input, context());
    }
    expect(await fixture.provider.describeInstance('green')).toBeUndefined();
    expect(await fixture.provider.describeInstance('blue')).toBeDefined();
  });
});
