import { clientProblems } from './client-problems';
import { UpgradeWorld } from './upgrade-world';

const LONG_MS = 900_000;
/** The seeder knows no other Hydra than 1.11.10: what there is came through the API. */
const NO_HISTORY = 0;

describe('the upgrade of a real Hydra 2.2.0 under traffic', () => {
  let upgrade: UpgradeWorld | undefined;

  afterEach(async () => {
    await upgrade?.stop();
    upgrade = undefined;
  });

  it(
    'completes with nothing lost and every row equal',
    async () => {
      const it = (upgrade = await UpgradeWorld.start(NO_HISTORY, '2.2.0'));
      const traffic = await it.traffic();
      await it.start();
      await it.until('gate plan', ({ awaiting }) => awaiting?.gate === 'plan');
      await it.approve('plan');
      await it.until('gate cutover', ({ awaiting }) => awaiting?.gate === 'cutover');
      const isDecided = () => it.until('a commit', (now) => now.committed || now.awaiting?.gate === 'cutover');
      while (!(await isDecided()).committed) await it.approve('cutover');
      await it.until('gate finalize', ({ awaiting }) => awaiting?.gate === 'finalize');
      await it.approve('finalize');
      const { report } = await it.until('the end', (status) => status.report !== null);
      const clients = await traffic.finish();
      expect(report).toMatchObject({
        outcome: 'completed',
        plan: { hydraVersion: { blue: '2.2.0', green: '2.3.0' } },
        parity: { differences: 0 },
        drain: { missing: 0, undoneChanges: 0 },
      });
      expect(clientProblems(clients)).toEqual([]);
    },
    LONG_MS,
  );
});
