import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client } from 'pg';
import { KeptConnection } from '../../../../adapters/target-postgres/kept-connection';
import { PostgresTarget, type PostgresTargetOptions } from '../../../../adapters/target-postgres/postgres-target';
import { RowStore } from '../../../../adapters/target-postgres/row-store';
import { asAdmin, useDatabase } from '../../../support/database';

const STATES = { blue: { hydra: 'http://blue.test' }, green: { hydra: 'http://green.test' } };
const PASSWORD = randomBytes(12).toString('hex');
const ROLE = `test_target_${randomBytes(6).toString('hex')}`;
const DDL = `CREATE TABLE config.app (name text PRIMARY KEY, state jsonb NOT NULL, epoch bigint NOT NULL DEFAULT 0,
  record jsonb, version bigint NOT NULL DEFAULT 0)`;

const database = useDatabase('empty');
let client: Client;
let open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  client = await database.connect();
  await asAdmin(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'`);
  await client.query('CREATE SCHEMA config');
  await client.query(`GRANT USAGE ON SCHEMA config TO ${ROLE}`);
});
const login = (user = ROLE, password = PASSWORD) => {
  const { host, port, database: name } = database.config;
  return { host, port, database: name, user, password: () => password, ssl: { mode: 'disable' } as const };
};

function connect(changes: Partial<PostgresTargetOptions> = {}): PostgresTarget {
  const options = { name: 'app', login: login(), table: 'config.app', row: 'hydra', states: STATES };
  const target = new PostgresTarget({ ...options, createIfMissing: false, ...changes });
  open.push(target);
  return target;
}

async function makeTable(): Promise<void> {
  await client.query(DDL);
  await client.query(`INSERT INTO config.app (name, state) VALUES ('hydra', $1)`, [JSON.stringify(STATES.blue)]);
  await client.query(`GRANT SELECT, UPDATE ON config.app TO ${ROLE}`);
}

describe('a target in a row of PostgreSQL', () => {
  afterEach(async () => {
    for (const one of open) await one.close();
    open = [];
    await client.query('DROP TABLE IF EXISTS config.app');
  });
  afterAll(async () => {
    await client.query(`DROP OWNED BY ${ROLE}`);
    await asAdmin(`DROP ROLE ${ROLE}`);
  });

  it('needs no more than SELECT and UPDATE on a table that the operator made', async () => {
    await makeTable();
    const target = connect();
    await target.stage(4, 'green');
    await target.apply(4);
    const { rows } = await client.query('SELECT state, epoch FROM config.app');
    expect(rows).toEqual([{ state: STATES.green, epoch: '4' }]);
  });

  it('works with what docs/targets.md shows', async () => {
    const page = readFileSync(join(__dirname, '../../../../docs/targets.md'), 'utf8');
    const sql = /```sql\n([^]*?)```/.exec(page)?.[1] ?? '';
    await client.query('CREATE SCHEMA app');
    await client.query(sql.replaceAll('hydra_cutover', ROLE));
    const states = { blue: { hydra: 'http://hydra-blue.example.internal:4445' }, green: { hydra: 'green' } };
    const target = connect({ table: 'app.cutover_target', row: 'billing', states });
    expect((await target.read()).appliedSide).toBe('blue');
    await target.stage(1, 'green');
    expect(await target.apply(1)).toMatchObject({ appliedSide: 'green', appliedEpoch: 1 });
    await client.query('DROP SCHEMA app CASCADE');
  });

  it('brings back what the foreign system really had, numbers beyond those of JavaScript included', async () => {
    await makeTable();
    const theirs = '{"big": 12345678901234567890, "hydra": "http://by-hand.test"}';
    await client.query('UPDATE config.app SET state = $1', [theirs]);
    const target = connect();
    expect((await target.read()).appliedSide).toBeNull();
    await target.stage(1, 'green');
    const { rows } = await client.query<{ text: string }>('SELECT state::text AS text FROM config.app');
    expect(rows[0]?.text).toBe(theirs);
    await target.apply(1);
    await client.query('UPDATE config.app SET state = $1', [JSON.stringify(STATES.blue)]);
    await target.stage(2, 'green');
    await target.apply(2);
    expect(await target.revert(2)).toMatchObject({ appliedSide: 'blue' });
  });

  it('does not write over what somebody put there since it was read', async () => {
    await makeTable();
    const store = new RowStore({ name: 'app', login: login(), table: 'config.app', row: 'hydra' });
    open.push(store);
    const held = await store.load();
    await client.query(`UPDATE config.app SET state = '"by hand"'`);
    const record = { ...held.record, staged: { epoch: 1, state: STATES.green } };
    expect(await store.save(held, { record, live: { state: STATES.green } })).toBeUndefined();
    expect((await store.load()).live).toBe('by hand');
  });

  it('is refused with what to do: no table, no row, no right, wrong password', async () => {
    await expect(connect().stage(1, 'green')).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('the table does not exist; make it as docs/targets.md shows') as string,
    });
    await client.query(DDL);
    await expect(connect().stage(1, 'green')).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('grant it SELECT and UPDATE') as string,
    });
    await client.query(`GRANT SELECT, UPDATE ON config.app TO ${ROLE}`);
    await expect(connect().stage(1, 'green')).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('there is no row "hydra"') as string,
    });
    const outcome: unknown = await connect({ login: login(ROLE, 'not-the-password') })
      .read()
      .catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'TARGET_REFUSED' });
    expect(String(outcome)).not.toContain('not-the-password');
  });

  it('makes table and row once, when several stage at the same moment', async () => {
    const superuser = { login: login(database.config.user, database.config.password), createIfMissing: true };
    for (let round = 1; round <= 5; round += 1) {
      const epochs = [1, 2, 3, 4, 5, 6];
      await Promise.allSettled(epochs.map((epoch) => connect(superuser).stage(epoch, 'green')));
      expect(await connect(superuser).read()).toMatchObject({ stagedEpoch: 6, highestEpoch: 6 });
      await client.query('DROP TABLE config.app');
    }
  });

  it('answers only what would survive a crash of the server, whatever its default is', async () => {
    const connection = new KeptConnection(login(), 'test', 5_000);
    open.push(connection);
    const { rows } = await connection.query('SHOW synchronous_commit', []);
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });
});
