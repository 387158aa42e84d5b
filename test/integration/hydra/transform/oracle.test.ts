import { type ParityResult, compareSides } from '../../../../hydra/parity';
import { PROFILES, SEED_PROFILES, type SeedProfile, seed } from '../../../../world/seeder';
import { liveOnBlue } from './api-history';
import { AS_OF, type Sides, countGreen, withOracle } from './oracle';
import { makeHostile } from './hostile-values';
import { Random } from './random';
import { PATH } from '../../../support/path';
import { withSession } from '../../../../world/net/with-session';

const cleanable = SEED_PROFILES.filter((profile) => PROFILES[profile].expectation === 'cleaned');
/** Few databases: the vendor's migration takes its time. F01 takes a client away, so its history comes last. */
const GROUPS: readonly (readonly SeedProfile[])[] = [
  cleanable.filter((profile) => profile !== 'cleanable' && profile !== 'F01'),
  ['clean', 'F01'],
  ['cleanable'],
];

describe('transforming blue against the real migration', () => {
  it('groups every profile that can be cleaned', () => {
    expect(new Set(GROUPS.flat())).toEqual(new Set(cleanable));
  });

  it.each(GROUPS.map((profiles) => ({ profiles })))(
    'is equal in every row with the profiles $profiles',
    async ({ profiles }) => {
      await withOracle(
        (config) =>
          withSession(config, async (blue) => {
            for (const [index, profile] of profiles.entries()) {
              await seed(blue, { profile, grants: 120, seed: 31 + index, asOf: AS_OF });
            }
          }),
        expectEqual,
      );
    },
  );

  it('is equal in every row with what people and clients did at a real 1.11.10', async () => {
    await withOracle(liveOnBlue, async (sides) => {
      await expectEqual(sides, 5);
      const { rows } = await sides.green.query<{ state: number; synthetic: boolean }>(
        `SELECT DISTINCT state, login_challenge LIKE 'cut-%' AS synthetic FROM hydra_oauth2_flow ORDER BY 1, 2`,
      );
      expect(rows.map(({ state, synthetic }) => (synthetic ? `${state} synthetic` : String(state)))).toEqual([
        '1',
        '3',
        '4',
        '6',
        '6 synthetic',
        '128',
        '129',
      ]);
    });
  });

  it.each([1, 2, 3])('is equal in every row with hostile values and broken histories, seed %i', async (number) => {
    await withOracle(
      (config) =>
        withSession(config, async (blue) => {
          for (const profile of ['fixable', 'C01', 'C03b'] as const) {
            await seed(blue, { profile, grants: 60, seed: number + profile.length, asOf: AS_OF });
          }
          await makeHostile(blue, new Random(number), 3);
        }),
      (sides) => expectEqual(sides),
    );
  });
});

async function expectEqual({ blue, green }: Sides, flows = 100): Promise<void> {
  const result = await compareSides(PATH, blue, green, { batchRows: 64 });
  const counted = await countGreen(green);
  expect(differences(result)).toEqual([]);
  for (const { name } of PATH.tables) {
    expect(result.tables[name]).toEqual({
      from: counted[name],
      to: counted[name],
      missing: 0,
      extra: 0,
      different: 0,
    });
  }
  expect(counted.hydra_oauth2_flow).toBeGreaterThan(flows);
  expect(counted.hydra_oauth2_refresh).toBeGreaterThan(flows / 2);
}

function differences({ differences: count, examples }: ParityResult): readonly string[] {
  return count === 0 ? [] : [`${count} differences`, ...examples];
}
