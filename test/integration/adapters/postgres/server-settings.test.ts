import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';
import { PostgresDatabases } from '../../../../adapters/postgres/postgres-databases';
import { asAdmin, useDatabase } from '../../../support/database';

const database = useDatabase();
const role = `settings_${randomBytes(4).toString('hex')}`;
const password = randomBytes(8).toString('hex');
let observer: Client;

beforeAll(async () => {
  observer = await database.connect();
  await asAdmin(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
});
afterAll(() => asAdmin(`DROP ROLE IF EXISTS ${role}`));

function databases(): PostgresDatabases {
  const { host, port, database: name } = database.config;
  const side = { host, port, name, user: role, password: () => password, ssl: { mode: 'disable' } } as const;
  const provider = { describeInstance: () => Promise.reject(new Error('not asked')) };
  return new PostgresDatabases({ sides: { blue: side, green: side }, provider, connectTimeoutMs: 60_000 });
}

describe('a session of a role that may do nothing special', () => {
  it('lets the server notice a host that died, and a process that stopped in a transaction', async () => {
    // What the server says is what the socket really has.
    const { rows } = await databases().withSession('blue', (client) =>
      client.query(`SELECT name, setting, source FROM pg_settings
                     WHERE name ~ '^tcp_' OR name = 'idle_in_transaction_session_timeout' ORDER BY 1`),
    );
    expect(rows).toEqual([
      { name: 'idle_in_transaction_session_timeout', setting: '300000', source: 'client' },
      { name: 'tcp_keepalives_count', setting: '3', source: 'client' },
      { name: 'tcp_keepalives_idle', setting: '5', source: 'client' },
      { name: 'tcp_keepalives_interval', setting: '3', source: 'client' },
      { name: 'tcp_user_timeout', setting: '15000', source: 'client' },
    ]);
  });

  it('may try again when the server ended it because it was silent in a transaction', async () => {
    const silent = databases().withSession('blue', async (client) => {
      await client.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 1');
      const sql = 'SELECT 1 FROM pg_stat_activity WHERE pid = $1';
      while ((await observer.query(sql, [client.backendPid])).rows.length > 0);
      await client.query('COMMIT');
    });
    await expect(silent).rejects.toMatchObject({ code: 'DB_UNREACHABLE', retryable: true });
  });
});
