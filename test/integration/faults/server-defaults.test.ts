import { asAdmin, useDatabase } from '../../support/database';
import { FaultWorld } from './fault-world';

const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };
const world = new FaultWorld({ blue: () => databases.blue.config, green: () => databases.green.config });

beforeAll(() => world.start());
afterAll(() => world.close());

const DEFAULTS = [
  ['default_transaction_isolation', `'repeatable read'`],
  ['default_transaction_isolation', `'serializable'`],
  ['lock_timeout', `'1ms'`],
  ['statement_timeout', `'1ms'`],
  ['idle_in_transaction_session_timeout', `'1ms'`],
  ['synchronous_commit', 'off'],
] as const;

describe('a database with defaults of its own on both sides', () => {
  it.each(DEFAULTS)('%s = %s: one switchover ends right', (name, value) =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      for (const { config } of Object.values(databases)) {
        await asAdmin(`ALTER DATABASE ${config.database} SET ${name} = ${value}`);
      }
      try {
        expect({ ...(await world.runToTheEnd()), events: world.events }).toMatchObject({ outcome: 'committed' });
        expect(await world.forwardsTo()).toBe('green');
        await watcher.writes('green');
        expect(await watcher.stop()).toEqual([]);
      } finally {
        for (const { config } of Object.values(databases)) {
          await asAdmin(`ALTER DATABASE ${config.database} RESET ${name}`);
        }
      }
    }),
  );
});
