import { type Client } from 'pg';
import { type Connection, SESSION_SETTINGS, openConnection } from '../../../../adapters/postgres/open-connection';
import { compareSides } from '../../../../hydra/parity';
import { syncRound } from '../../../../hydra/sync';
import { asAdmin, useDatabase } from '../../../support/database';
import { History } from '../../hydra/sync/history';
import { SyncWorld } from '../../hydra/sync/sync-world';
import { PATH } from '../../../support/path';

const database = useDatabase('hydra_1_11_10');

/** Worse than the opposite of the default, which every other setting of a kind that can be turned gets. */
const HOSTILE: Readonly<Record<string, string>> = {
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
  idle_session_timeout: '2s',
  transaction_timeout: '2s',
  client_connection_check_interval: '0',
  default_transaction_isolation: 'serializable',
  DateStyle: 'SQL, DMY',
  TimeZone: 'Asia/Kathmandu',
  IntervalStyle: 'sql_standard',
  bytea_output: 'escape',
  client_min_messages: 'error',
  extra_float_digits: '-15',
  work_mem: '64kB',
  cursor_tuple_fraction: '0',
  plan_cache_mode: 'force_generic_plan',
  default_tablespace: 'nowhere',
  temp_tablespaces: 'nowhere',
  search_path: 'nowhere, public',
  restrict_nonsystem_relation_kind: 'view, foreign-table',
  createrole_self_grant: 'set, inherit',
  'plpgsql.extra_errors': 'all',
  local_preload_libraries: 'nowhere',
};
/** Of one transaction alone: nobody can set them for a database. */
const LEFT_ALONE = ['transaction_read_only', 'transaction_deferrable', 'transaction_isolation'];

class HostileWorld extends SyncWorld {
  readonly #connections: Connection[] = [];

  override async connect(name: string, { user, password }: { user?: string; password?: string } = {}): Promise<Client> {
    const { host, port, user: admin, password: secret } = database.config;
    const connection = await openConnection(
      {
        ...{ host, port, user: user ?? admin, ssl: { mode: 'disable' } as const },
        database: name === 'blue' ? database.config.database : name === 'green' ? this.green : name,
        password: () => password ?? secret,
      },
      { purpose: 'hostile settings' },
    );
    this.#connections.push(connection);
    return connection.client;
  }

  override async disconnect(): Promise<void> {
    for (const connection of this.#connections.splice(0)) await connection.close();
  }
}

const world = new HostileWorld(database.config);
const history = new History(9);

afterAll(() => world.close());

/** Everything that an owner may set for the sessions of a database, at its worst. */
async function hostileSettings(): Promise<ReadonlyMap<string, string>> {
  const client = await world.connect('blue');
  const { rows } = await client.query<{ name: string; value: string }>(
    `SELECT name, CASE WHEN boot_val = 'on' THEN 'off' ELSE 'on' END AS value FROM pg_settings
      WHERE context = 'user' AND vartype = 'bool' AND name <> ALL ($1)
     UNION ALL
     SELECT name, (SELECT value FROM unnest(enumvals) AS value WHERE value <> boot_val AND value <> 'auto' LIMIT 1) FROM pg_settings
      WHERE context = 'user' AND vartype = 'enum' AND name <> ALL ($1)`,
    [LEFT_ALONE],
  );
  const known = await client.query<{ name: string }>('SELECT name FROM pg_settings');
  const names = new Set(known.rows.map(({ name }) => name));
  const worst = new Map(rows.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])));
  // What belongs to a library is in no list before that is loaded.
  for (const [name, value] of Object.entries(HOSTILE))
    if (names.has(name) || name.includes('.')) worst.set(name, value);
  return worst;
}

const setAll = async (settings: Iterable<readonly [string, string]>) => {
  for (const name of [database.config.database, world.green]) {
    await asAdmin(`ALTER DATABASE ${name} RESET ALL`);
    for (const [setting, value] of settings) {
      const quoted = ['default_tablespace', 'temp_tablespaces', 'DateStyle', 'search_path'].includes(setting)
        ? value
        : `'${value}'`;
      await asAdmin(`ALTER DATABASE ${name} SET ${setting} TO ${quoted}`);
    }
  }
};

/** Writes of a Hydra that has all of the settings but the timeouts, one round, and a comparison of every row. */
async function roundAndParity(): Promise<void> {
  try {
    const writer = await world.connect('blue');
    await writer.query(
      `SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name = ANY ($1) AND name !~ '_timeout$|read_only|row_security|tablespace'`,
      [Object.keys(SESSION_SETTINGS)],
    );
    await history.go(writer, 25);
    const sync = await world.openSync();
    const round = await syncRound(sync, { batchRows: 20 });
    if (round.changes === 0) throw new Error('nothing was captured');
    const { differences, examples } = await compareSides(PATH, sync.from, sync.to, { batchRows: 50 });
    if (differences > 0) throw new Error(`${differences} rows differ: ${examples.join(', ')}`);
  } finally {
    await world.disconnect();
  }
}

it('captures, carries and compares as ever, whatever the owner of the databases sets for their sessions', async () => {
  await world.capture();
  await world.snapshot();
  const settings = await hostileSettings();
  await world.disconnect();
  expect(settings.size).toBeGreaterThan(60);
  await setAll(settings);
  const failed: string[] = [];
  try {
    await roundAndParity().catch(async (error: unknown) => {
      failed.push(`all at once: ${String(error)}`);
      // Which of them is it?
      for (const one of settings) {
        await setAll([one]);
        await roundAndParity().catch((alone: unknown) => failed.push(`${one.join(' = ')}: ${String(alone)}`));
      }
    });
  } finally {
    await setAll([]);
  }
  expect(failed).toEqual([]);
});

it('gives every session its settings, and leaves to pg_settings what others get', async () => {
  await asAdmin(
    `ALTER DATABASE ${database.config.database} SET synchronous_commit TO off;
     ALTER DATABASE ${database.config.database} SET plpgsql.extra_errors TO 'all'`,
  );
  const client = await world.connect('blue');
  const { rows } = await client.query<{ name: string; setting: string; reset: string }>(
    `SELECT name, current_setting(name) AS setting, reset_val AS reset FROM pg_settings WHERE name = ANY ($1)`,
    [Object.keys(SESSION_SETTINGS)],
  );
  expect((await client.query('SHOW plpgsql.extra_errors')).rows).toEqual([{ 'plpgsql.extra_errors': 'none' }]);
  for (const { name, setting } of rows) expect([name, setting]).toEqual([name, SESSION_SETTINGS[name]]);
  expect(rows.find(({ name }) => name === 'synchronous_commit')?.reset).toBe('off');
  await world.disconnect();
  await asAdmin(`ALTER DATABASE ${database.config.database} RESET ALL`);
});
