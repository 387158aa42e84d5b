import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client } from 'pg';
import { ProcessCommandRunner } from '../../../adapters/command/process-command-runner';
import { type ReloadCommand } from '../../../adapters/target-file/file-store';
import { FileTarget, fileText } from '../../../adapters/target-file/file-target';
import { EtcdTarget } from '../../../adapters/target-etcd/etcd-target';
import { PostgresTarget } from '../../../adapters/target-postgres/postgres-target';
import { SIDE_NAMES, type SideName } from '../../../domain/sides';
import { sameJson } from '../../../domain/json';
import { type TestDatabase } from '../../support/database';
import { type TestEtcd } from '../../support/etcd';
import { type CarelessSystem, type SystemUnderTest } from './target-port.contract';

const STATES = { blue: { hydra: 'http://blue.test', generation: 1 }, green: { hydra: 'http://green.test' } } as const;

const sideOf = (states: Readonly<Record<SideName, unknown>>, seen: unknown): SideName | null =>
  SIDE_NAMES.find((side) => sameJson(states[side], seen)) ?? null;

/** A system that reads a file, and uses what it had when its reload command ran last. */
export async function fileSystem(): Promise<SystemUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'target-file-'));
  const [file, used] = [join(folder, 'conf', 'app.json'), join(folder, 'used')];
  const argv = ['sh', '-c', `mkdir -p '${join(folder, 'conf')}' && cp '${file}' '${used}'`];
  const spec = { path: 'targets[0].file.reload', argv, env: {}, secretEnv: {}, timeoutMs: 10_000 };
  const commands = new ProcessCommandRunner<ReloadCommand>({ commands: { reload: spec } });
  const put = async () => {
    await writeFile(file, fileText(STATES.blue));
    await commands.run('reload', {});
  };
  await commands.run('reload', {});
  await put();
  await writeFile(join(folder, 'conf', '.app.json.cutover.place'), 'place-of-app');
  return {
    connect: () => new FileTarget({ name: 'app', file, place: 'place-of-app', states: STATES, commands }),
    serves: async () => sideOf(STATES, JSON.parse(await readFile(used, 'utf8'))),
    restart: () => commands.run('reload', {}).then(() => undefined),
    breakStaging: () => rename(join(folder, 'conf'), join(folder, 'away')),
    mend: () => rename(join(folder, 'away'), join(folder, 'conf')),
    fallBack: put,
    close: () => rm(folder, { recursive: true }),
  };
}

/** A system that reads a row. */
export async function postgresSystem(
  database: TestDatabase,
  client: Client,
): Promise<SystemUnderTest & { readonly table: string }> {
  const { host, port, user, password, database: name } = database.config;
  const table = `app_${randomBytes(4).toString('hex')}`;
  const login = { host, port, user, database: name, password: () => password, ssl: { mode: 'disable' } as const };
  const options = { name: 'app', login, table, row: 'hydra', states: STATES, createIfMissing: true };
  const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'hydra-cutover target app'`;
  return {
    table,
    connect: () => new PostgresTarget(options),
    serves: async () => {
      const { rows } = await client
        .query<{ state: unknown }>(`SELECT state FROM ${table} WHERE name = 'hydra'`)
        .catch((error: { code?: string }) => {
          if (error.code !== '42P01') throw error;
          return { rows: [] };
        });
      // Without a row it has what it was built with.
      return rows[0] === undefined ? 'blue' : sideOf(STATES, rows[0].state);
    },
    restart: async () => void (await client.query(terminate)),
    breakStaging: async () => void (await client.query(`CREATE TABLE ${table} (something text)`)),
    mend: async () => void (await client.query(`DROP TABLE ${table}`)),
    fallBack: async () => void (await client.query(`UPDATE ${table} SET state = $1`, [JSON.stringify(STATES.blue)])),
    close: async () => void (await client.query(`DROP TABLE IF EXISTS ${table}`)),
  };
}

/** A trigger spells the address as its owner likes it. */
export async function carelessPostgresSystem(database: TestDatabase, client: Client): Promise<CarelessSystem> {
  const system = await postgresSystem(database, client);
  const { table } = system;
  const spell = `${table}_spell`;
  await client.query(`CREATE TABLE ${table} (name text PRIMARY KEY, state jsonb NOT NULL, epoch bigint NOT NULL DEFAULT 0,
      record jsonb, version bigint NOT NULL DEFAULT 0);
    CREATE FUNCTION ${spell}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      NEW.state := jsonb_set(NEW.state, '{hydra}', to_jsonb((NEW.state ->> 'hydra') || '/')); RETURN NEW; END $$`);
  await client.query(`INSERT INTO ${table} (name, state) VALUES ('hydra', $1)`, [JSON.stringify(STATES.blue)]);
  const when = `WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION ${spell}()`;
  await client.query(`CREATE TRIGGER spell BEFORE UPDATE ON ${table} FOR EACH ROW ${when}`);
  return {
    ...system,
    changes: { field: 'hydra', value: STATES.green.hydra },
    heal: async () => void (await client.query(`DROP TRIGGER spell ON ${table}`)),
    close: async () => {
      await system.close();
      await client.query(`DROP FUNCTION ${spell}`);
    },
  };
}

/** A system that reads keys of etcd: one that both sides have, one for each side alone. */
export async function etcdSystem(etcd: TestEtcd): Promise<SystemUnderTest> {
  const prefix = `/test/${randomBytes(6).toString('hex')}`;
  const states = {
    blue: { [`${prefix}/hydra`]: 'http://blue.test', [`${prefix}/generation`]: '1' },
    green: { [`${prefix}/hydra`]: 'http://green.test', [`${prefix}/audience`]: 'ä' },
  };
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const put = (key: string, value: string) =>
    etcd.call('/v3/kv/put', { key: base64(key), value: base64(value) }).then(() => undefined);
  const reset = async () => {
    await etcd.call('/v3/kv/deleterange', { key: base64(`${prefix}/audience`) });
    for (const [key, value] of Object.entries(states.blue)) await put(key, value);
  };
  await reset();
  const decoded = (text: string) => Buffer.from(text, 'base64').toString();
  return {
    connect: () => new EtcdTarget({ name: 'app', endpoints: [etcd.url], states, recordKey: `${prefix}-cutover` }),
    serves: async () => {
      const range = { key: base64(`${prefix}/`), range_end: base64(`${prefix}0`) };
      const { kvs = [] } = (await etcd.call('/v3/kv/range', range)) as { kvs?: { key: string; value: string }[] };
      return sideOf(states, Object.fromEntries(kvs.map(({ key, value }) => [decoded(key), decoded(value)])));
    },
    restart: async () => {
      await etcd.kill();
      await etcd.start();
    },
    breakStaging: etcd.kill,
    mend: etcd.start,
    fallBack: reset,
    close: () => Promise.resolve(),
  };
}
