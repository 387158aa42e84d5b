import { type Client } from 'pg';
import { useDatabase } from '../../support/database';

describe('a database for one test file', () => {
  const blue = useDatabase('hydra_1_11_10');
  const green = useDatabase('hydra_2_3_0');
  let clients: { blue: Client; green: Client };

  beforeAll(async () => {
    clients = { blue: await blue.connect(), green: await green.connect() };
  });

  async function holds(client: Client, table: string): Promise<boolean> {
    const { rows } = await client.query<{ oid: string | null }>('SELECT to_regclass($1) AS oid', [table]);
    return rows[0]?.oid !== null;
  }

  it('holds the schema of the version that was asked for', async () => {
    expect(await holds(clients.blue, 'hydra_oauth2_consent_request')).toBe(true);
    expect(await holds(clients.blue, 'hydra_oauth2_flow')).toBe(false);
    expect(await holds(clients.green, 'hydra_oauth2_consent_request')).toBe(false);
    expect(await holds(clients.green, 'hydra_oauth2_flow')).toBe(true);
  });
});
