import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { type Plan } from '../../../../domain/receipts';
import { adaptCopy, differsFromFresh } from '../../../../hydra/catalog';
import { compareSides } from '../../../../hydra/parity';
import { syncRound } from '../../../../hydra/sync';
import { seed } from '../../../../world/seeder';
import { asAdmin, useDatabase } from '../../../support/database';
import { PATH } from '../../../support/path';
import { knownToServer } from '../../../support/postgres-major';
import { sharedServers } from '../../../support/shared-servers';
import { PreflightFixture } from '../../activities/preflight/preflight-fixture';
import { SyncWorld } from '../sync/sync-world';
import { ODD_DATABASES } from './databases';
import { type OddDatabase } from './odd-database';

const AS_OF = '2026-01-01T00:00:00Z';
const ground = useDatabase('hydra_1_11_10');

beforeAll(async () => {
  const client = await ground.connect();
  await seed(client, { profile: 'fixable', grants: 40, seed: 13, asOf: AS_OF });
  await client.end();
});

/** All of them: `npm run test:long`. */
const tried = knownToServer(ODD_DATABASES).filter(
  ({ isTriedAlways }) => isTriedAlways === true || process.env['LONG_TESTS'] === '1',
);

it.each(tried.map((one) => [one.name, one] as const))('%s', async (_name, odd) => {
  await withOdd(odd, async (fixture, config) => {
    const { plan, text } = await fixture.look();
    if (plan === undefined) {
      expect(text).toMatch(odd.refused ?? /^nothing is refused$/);
      return;
    }
    expect(odd.refused).toBeUndefined();
    if (odd.told !== undefined) expect(text).toMatch(odd.told);
    await expectCarried(config, plan);
  });
});

type Config = typeof ground.config;

async function withOdd(
  odd: OddDatabase,
  work: (fixture: PreflightFixture, config: Config) => Promise<void>,
): Promise<void> {
  const config = { ...ground.config, database: `odd_${randomBytes(6).toString('hex')}` };
  for (const statement of odd.server?.before ?? []) await asAdmin(statement);
  if (odd.anew === undefined) await asAdmin(`CREATE DATABASE ${config.database} TEMPLATE ${ground.config.database}`);
  else await makeAnew(config, odd.anew);
  const fixture = new PreflightFixture({ config, connect: () => Promise.reject(new Error('not needed')) });
  try {
    await fixture.open();
    await fixture.admin(odd.make.replaceAll(':owner', fixture.owner).replaceAll(':ours', fixture.master));
    await work(fixture, config);
  } finally {
    await fixture.close();
    await asAdmin(`DROP DATABASE IF EXISTS ${config.database} WITH (FORCE)`);
    for (const statement of odd.server?.after ?? []) await asAdmin(statement);
  }
}

/** What `CREATE DATABASE` says of a database goes for an empty one alone: Hydra's own program makes the tables. */
async function makeAnew(config: Config, how: string): Promise<void> {
  await asAdmin(`CREATE DATABASE ${config.database} TEMPLATE template0 ${how}`);
  const { host, port, user, password, database } = config;
  await promisify(execFile)(sharedServers().binaries.hydra11110, ['migrate', 'sql', '-e', '-y'], {
    env: {
      PATH: process.env['PATH'],
      DSN: `postgres://${user}:${password}@${host}:${port}/${database}?sslmode=disable`,
      SQA_OPT_OUT: 'true',
    },
  });
  const client = new Client(config);
  await client.connect();
  await seed(client, { profile: 'fixable', grants: 40, seed: 13, asOf: AS_OF }).finally(() => client.end());
}

/** Copied, cleaned, adapted, migrated and repaired; then everything changes on blue, and is carried. */
async function expectCarried(config: Config, plan: Plan): Promise<void> {
  const approved = (plan.catalog ?? []).flatMap(({ object, onGreen }) => (onGreen === undefined ? [] : [object]));
  const pair = { schema: 'public', from: '1.11.10', to: '2.3.0' } as const;
  const world = new SyncWorld(config, PATH, async (copy) => {
    await adaptCopy(copy, { ...pair, approved, asOf: AS_OF, archiveSchema: 'cleaned' });
  });
  try {
    await world.capture();
    await world.snapshot();
    const look = new Client({ ...config, database: world.green });
    await look.connect();
    const fresh = await differsFromFresh(look, { schema: 'public', version: '2.3.0' });
    await look.end();
    expect(fresh).toEqual([]);
    const sides = await world.openSync();
    const same = async () => {
      const { differences, examples, rows } = await compareSides(PATH, sides.from, sides.to, { batchRows: 1_000 });
      expect({ differences, examples }).toEqual({ differences: 0, examples: [] });
      expect(rows).toBeGreaterThan(100);
    };
    await same();
    const writer = await world.connect('blue');
    for (const { table } of PATH.captured) {
      const column = (
        await writer.query<{ name: string }>(
          `SELECT attname AS name FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' LIMIT 1`,
        )
      ).rows[0]?.name;
      await writer.query(`UPDATE ${table} SET "${column}" = "${column}"`).catch((error: unknown) => {
        if (!String(error).includes('change requests only')) throw error;
      });
    }
    await syncRound(sides, { batchRows: 500 });
    await same();
  } finally {
    await world.close();
  }
}
