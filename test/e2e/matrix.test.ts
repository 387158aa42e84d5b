import { IN_PLACE_CASES, IN_PLACE_STRUCK } from './matrix/in-place-cases';
import { CHOSEN, REAL_CASES, STRUCK } from './matrix/real-cases';
import { runCase } from './matrix/run-case';
import { UpgradeWorld } from './upgrade-world';

const LONG_MS = 900_000;
const GRANTS = 100;

describe('an upgrade of the real world to which everything happens before its commit', () => {
  let upgrade: UpgradeWorld | undefined;

  afterEach(async () => {
    await upgrade?.stop();
    upgrade = undefined;
  });

  it(
    CHOSEN.title,
    async () => {
      upgrade = await UpgradeWorld.start(GRANTS);
      const { problems, outcome, undone } = await runCase(upgrade, CHOSEN);
      expect(problems).toEqual([]);
      expect(outcome).toBe('cancelled');
      expect(undone).toEqual(expect.arrayContaining(['start', 'restore', 'snapshot', 'capture']));
    },
    LONG_MS,
  );
});

describe('npm run matrix', () => {
  it('has for each step the real case that it names', () => {
    for (const [cases, struck] of [
      [REAL_CASES, STRUCK],
      [IN_PLACE_CASES, IN_PLACE_STRUCK],
    ] as const) {
      const titles = cases.map(({ title }) => title);
      for (const named of Object.values(struck)) expect(titles).toContainEqual(expect.stringContaining(named));
    }
  });
});
