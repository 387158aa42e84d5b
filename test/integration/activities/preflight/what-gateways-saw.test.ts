import { type Client } from 'pg';
import { HOUR_MS } from '../../../../domain/quiet-hours';
import { seed } from '../../../../world/seeder';
import { useDatabase } from '../../../support/database';
import { gateway, PreflightFixture } from './preflight-fixture';

afterAll(() => world.close());
const database = useDatabase('hydra_1_11_10');
const world = new PreflightFixture(database);
let client: Client;
let clients: readonly string[];
beforeAll(async () => {
  await world.open();
  client = await database.connect();
  await seed(client, { profile: 'cleanable', grants: 10, seed: 7, asOf: '2026-01-01T00:00:00Z' });
  const { rows } = await client.query<{ id: string }>('SELECT id FROM hydra_client ORDER BY id LIMIT 2');
  clients = rows.map(({ id }) => id);
});

const AT = { firstAt: '2026-01-01T00:00:00.000Z', lastAt: '2026-01-02T00:00:00.000Z' };
const seenOf = (who: string, more: object = {}) => ({
  kind: 'long_client_secret',
  who,
  what: 'POST /oauth2/token',
  count: 3,
  ...AT,
  ...more,
});

function sawSo(
  name: string,
  sightings: readonly object[],
  features: readonly string[] = [],
  hours: readonly object[] = [],
) {
  const observations = {
    sightings: { since: AT.firstAt, sightings, beyond: {} },
    writes: { perSecond: 1.5, hours },
  };
  return gateway(name, { features: ['session-cookies', ...features] }, {}, observations);
}

/** Gives some clients of blue these columns; the others have none of them. */
async function change(ids: readonly string[], column: string, values: readonly string[], none: string): Promise<void> {
  await client.query(`UPDATE hydra_client SET ${column} = $1`, [none]);
  for (const [index, id] of ids.entries())
    await client.query(`UPDATE hydra_client SET ${column} = $1 WHERE id = $2`, [values[index], id]);
}

describe('the plan', () => {
  it('says which clients green would refuse, summed over the gateways, and what makes it harmless', async () => {
    const gateways = [
      sawSo('g1', [seenOf('shop'), seenOf('10.0.0.7', { kind: 'paging', what: 'GET /clients' })]),
      sawSo('g2', [seenOf('shop'), seenOf('desk')], ['client-secrets']),
    ];
    const { plan } = await world.look({ gateways });
    const told = plan?.warnings.filter((warning) => warning.startsWith('seen by the gateways')) ?? [];
    expect(told).toEqual([
      expect.stringMatching(
        /2 clients would be refused by 2\.3\.0 .*: desk, shop \(POST \/oauth2\/token; 9 times.*set clientSecrets\.cutAt72Bytes/,
      ),
      expect.stringMatching(/1 caller .*10\.0\.0\.7/),
    ]);
    expect(plan?.notice).toMatchObject({
      seenSince: AT.firstAt,
      sessionsStay: true,
      calls: [{ who: ['desk', 'shop'], count: 9, isCured: false }, { who: ['10.0.0.7'] }],
    });
    const all = [sawSo('g1', [seenOf('shop')], ['client-secrets']), sawSo('g2', [], ['client-secrets'])];
    expect((await world.look({ gateways: all })).plan?.warnings.join()).toMatch(/shop .*; the gateways cut the secret/);
  });

  it('says that a gateway does not tell, which is no sign that nothing was seen', async () => {
    const gateways = [gateway('old', {}, {}, undefined)];
    gateways.push(sawSo('new', []));
    Object.assign(gateways[0] as object, { observations: () => Promise.resolve(undefined) });
    expect((await world.look({ gateways })).plan?.warnings.join()).toMatch(/gateways old: do not tell what they see/);
  });

  it('proposes the quietest hours', async () => {
    const start = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 7 * 24 * HOUR_MS;
    const hours = Array.from({ length: 7 * 24 }, (_, index) => {
      const at = new Date(start + index * HOUR_MS);
      return { at: at.toISOString(), writes: at.getUTCHours() === 3 ? 36 : 36_000, peakPerSecond: 9 };
    });
    const { plan } = await world.look({ gateways: [sawSo('g1', [], [], hours)] });
    expect(plan?.quietHours).toMatch(/from \S+T03:00:00.000Z to \S+T04:00:00.000Z clients write 0.01 times per second/);
    expect((await world.look()).plan?.quietHours).toBeUndefined();
  });

  it('names the config that browsers of clients with origins of their own need on green', async () => {
    const origins = ['https://spa.example|https://*.wide.example', 'https://spa.example'];
    await change(clients, 'allowed_cors_origins', origins, '');
    const on = await world.look({ hydra: { allowsOrigin: () => Promise.resolve(true) } });
    expect(on.plan?.warnings.join()).toMatch(
      /2 clients allow 2 origins for themselves .*serve\.public\.cors: { enabled: true, allowed_origins: \["https:\/\/\*\.wide\.example","https:\/\/spa\.example"\] }/,
    );
    expect(on.plan?.notice?.browserClients.map((each) => each.origin)).toEqual([
      'https://*.wide.example',
      'https://spa.example',
    ]);
    const off = await world.look({ hydra: { allowsOrigin: () => Promise.resolve(false) } });
    expect(off.plan?.warnings.join()).not.toContain('browser clients');
    expect(off.plan?.notice?.browserClients).toEqual([]);
  });

  it('names the clients whose challenges outgrow what proxies take', async () => {
    await change(clients.slice(0, 1), 'metadata', [JSON.stringify({ note: 'x'.repeat(3_000) })], '{}');
    const random = Array.from({ length: 400 }, () => Math.random().toString(36)).join();
    const hydra = {
      client: (_side: string, id: string) => Promise.resolve({ client_id: id, metadata: { random } }),
    };
    expect((await world.look({ hydra })).plan?.warnings.join()).toMatch(
      /challenges of logins: grow from 32 characters to more than 4096 on 2\.3\.0 for 1 clients, to about \d{4}: /,
    );
  });
});
