import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { type Client } from 'pg';
import { type DatabaseLocation, PostgresDatabases } from '../../../../adapters/postgres/postgres-databases';
import { type DatabaseInstance } from '../../../../domain/ports/database-provider';
import { type DatabaseSession } from '../../../../domain/ports/databases';
import { freePort } from '../../../../world/net/free-port';
import { asAdmin, useDatabase } from '../../../support/database';
import { until } from '../../../support/until';

const database = useDatabase();
let observer: Client;
beforeAll(async () => void (observer = await database.connect()));

const role = `databases_${randomBytes(4).toString('hex')}`;
afterEach(() => asAdmin(`DROP ROLE IF EXISTS ${role}`));

function location(changes: Partial<DatabaseLocation> = {}): DatabaseLocation {
  const { host, port, user, password, database: name } = database.config;
  return { host, port, user, name, password: () => password, ssl: { mode: 'disable' }, ...changes };
}

function databases(
  blue: Partial<DatabaseLocation> = {},
  describe: () => Promise<unknown> = () => Promise.reject(new Error('not asked')),
) {
  const provider = { describeInstance: () => describe() as Promise<DatabaseInstance | undefined> };
  return new PostgresDatabases({
    sides: { blue: location(blue), green: location() },
    provider,
    connectTimeoutMs: 60_000,
  });
}

function onlyInstance(): DatabaseLocation {
  const all: { host?: string } & Omit<DatabaseLocation, 'host'> = location({ instanceId: 'green-1' });
  delete all.host;
  return all;
}

async function activity(purpose: string): Promise<readonly string[]> {
  const sql = `SELECT query FROM pg_stat_activity WHERE application_name = $1`;
  const { rows } = await observer.query<{ query: string }>(sql, [`hydra-cutover ${purpose}`]);
  return rows.map((row) => row.query);
}

describe('PostgresDatabases', () => {
  it('shows what a session is for while it lives and has released its locks when it is over', async () => {
    const seen = await databases().withSession(
      'blue',
      async (client) => {
        await client.query('SELECT pg_advisory_lock(42)');
        const { rows } = await client.query(`SELECT pid FROM pg_stat_activity WHERE application_name LIKE '% parity'`);
        return { rows, pid: client.backendPid };
      },
      { purpose: 'parity' },
    );
    expect(seen.rows).toEqual([{ pid: seen.pid }]);
    const { rows } = await observer.query(`SELECT pg_try_advisory_lock(42) AS free, pg_advisory_unlock(42)`);
    expect(rows).toMatchObject([{ free: true }]);
  });

  it('plans once, and compiles no plan, in a session that asks the same things many times', async () => {
    const settings = `SELECT current_setting('jit') AS jit, current_setting('plan_cache_mode') AS plans`;
    await asAdmin(`ALTER DATABASE ${database.config.database} SET jit = on`);
    const ask = async (keepsPlans: boolean) =>
      (await databases().withSession('blue', (client) => client.query(settings), { keepsPlans })).rows;
    expect(await ask(true)).toEqual([{ jit: 'off', plans: 'force_generic_plan' }]);
    expect(await ask(false)).toEqual([{ jit: 'on', plans: 'auto' }]);
  });

  it('lets the server notice that the client of a running statement is gone', async () => {
    const { rows } = await databases().withSession('blue', (client) =>
      client.query(`SELECT current_setting('client_connection_check_interval') AS interval`),
    );
    expect(rows).toEqual([{ interval: '2s' }]);
  });

  it('ends the running statement on the server and throws the reason when it is aborted', async () => {
    const stop = new AbortController();
    const reason = new Error('the step is cancelled');
    const sleep = async (client: DatabaseSession) => {
      // Left to itself the server would now never notice that the client is gone.
      await client.query('SET client_connection_check_interval = 0');
      await client.query('SELECT pg_sleep(3600)');
    };
    const work = databases().withSession('blue', sleep, { signal: stop.signal, purpose: 'sleeper' });
    const failed = work.catch((error: unknown) => error);
    await until('the sleeper sleeps', async () =>
      (await activity('sleeper')).some((query) => query.includes('pg_sleep')),
    );
    stop.abort(reason);
    expect(await failed).toBe(reason);
    await until('the sleeper is gone', async () => (await activity('sleeper')).length === 0);
  });

  it('does not connect at all for a signal that is aborted already', async () => {
    const reason = new Error('too late');
    const work = jest.fn();
    const signal = AbortSignal.abort(reason);
    await expect(databases().withSession('blue', work, { signal })).rejects.toBe(reason);
    expect(work).not.toHaveBeenCalled();
  });

  it('names a wrong password as such, without showing it', async () => {
    await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'right-one'`);
    const login = { user: role, password: 'wrong-one' };
    const failed = databases().withSession('blue', (client) => client.query('SELECT 1'), { login });
    await expect(failed).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringMatching(/the server refuses the password; correct the password or the user/) as string,
      details: { side: 'blue', reason: 'refused', sqlState: '28P01' },
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('wrong-one') as string });
    await expect(failed).rejects.not.toThrow(/snapshot/);
    const onGreen = databases().withSession('green', (client) => client.query('SELECT 1'), { login });
    await expect(onGreen).rejects.toThrow(
      /correct the password or the user; green's roles have the passwords that blue's had at the snapshot/,
    );
  });

  it('names a limit of the role as one of those that may be raised', async () => {
    await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD 'right-one' CONNECTION LIMIT 1`);
    const login = { user: role, password: 'right-one' };
    const second = () => databases().withSession('blue', () => Promise.resolve(), { login });
    await expect(databases().withSession('blue', second, { login })).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringMatching(/no connection left; .*CONNECTION LIMIT/) as string,
      details: { reason: 'refused', sqlState: '53300' },
    });
  });

  it.each([
    [
      'nobody listens',
      async () => ({ port: await freePort() }),
      /nothing listens there; start the server, or correct blue.database.host/,
    ],
    ['the host is unknown', async () => ({ host: 'nowhere.invalid' }), /the host name is not known|name server/],
    ['the database is missing', async () => ({ name: 'absent' }), /the database does not exist/],
  ])('says what to do when %s', async (_case, changes, message) => {
    const failed = databases(await changes()).withSession('blue', (client) => client.query('SELECT 1'));
    await expect(failed).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringMatching(message) as string,
    });
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const accepted: Socket[] = [];
    const silent = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const sides = { blue: location({ host: '127.0.0.1', port }), green: location() };
    const provider = { describeInstance: () => Promise.resolve(undefined) };
    const hasty = new PostgresDatabases({ sides, provider, connectTimeoutMs: 100 });
    await expect(hasty.withSession('blue', (client) => client.query('SELECT 1'))).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringContaining('the connection timed out') as string,
    });
    for (const socket of accepted) socket.destroy();
    silent.close();
    await once(silent, 'close');
  });

  it('reports a session that somebody else ended as unreachable, between statements too', async () => {
    const end = (client: DatabaseSession) =>
      observer.query('SELECT pg_terminate_backend($1, 5000)', [client.backendPid]);
    const failed = databases().withSession('blue', async (client) => {
      await end(client);
      return client.query('SELECT 1');
    });
    await expect(failed).rejects.toMatchObject({ code: 'DB_UNREACHABLE', details: { reason: 'lost' } });
  });

  it("passes the server's own errors through", async () => {
    const failed = databases().withSession('blue', (client) => client.query('SELECT 1/0'));
    await expect(failed).rejects.toMatchObject({ code: '22012' });
  });

  it('asks the provider for the address where the config names none, once until it fails', async () => {
    const { host: known, port } = database.config;
    const endpoints = [
      { host: known, port },
      { host: known, port: await freePort() },
    ];
    const asked = jest.fn(() => Promise.resolve({ endpoint: endpoints[0] }));
    const provider = { describeInstance: asked as unknown as () => Promise<DatabaseInstance | undefined> };
    const sides = { blue: location(), green: onlyInstance() };
    const both = new PostgresDatabases({ sides, provider });
    const one = () => both.withSession('green', (client) => client.query('SELECT 1'));
    await one();
    await one();
    expect(asked).toHaveBeenCalledTimes(1);
    expect(await both.address('green')).toMatchObject({ host: known, port, sslMode: 'disable' });
    // Another address from now on: the session that fails forgets it, the next one asks again.
    endpoints.reverse();
    const login = { user: 'nobody_at_all', password: 'x' };
    await expect(both.withSession('green', (c) => c.query('SELECT 1'), { login })).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
    });
    await expect(one()).rejects.toMatchObject({ details: { reason: 'unreachable' } });
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('says that green does not exist yet', async () => {
    const provider = { describeInstance: () => Promise.resolve(undefined) };
    const sides = { blue: location(), green: onlyInstance() };
    const both = new PostgresDatabases({ sides, provider });
    await expect(both.address('green')).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringContaining('instance green-1 does not exist') as string,
      details: { reason: 'absent' },
    });
  });
});
