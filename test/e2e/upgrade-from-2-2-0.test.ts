import { clientProblems } from './client-problems';
import { UpgradeWorld } from './upgrade-world';

const LONG_MS = 900_000;
/** The seeder knows no other Hydra than 1.11.10: what there is came through the API. */
const NO_HISTORY = 0;

/** How long a login of the traffic takes at most, with what the machine needs to see that the commit is there. */
const LOGIN_MS = 30_000;

/** One that was between the login page and its client at the commit ends there: docs/limits.md, "From 2.2.0". */
function isLoginUnderWay({ at, operation, reason }: { at: string; operation: string; reason: string }, commit: number) {
  const isNear = Math.abs(Date.parse(at) - commit) < LOGIN_MS;
  return isNear && operation.endsWith('_grant') && /404 at the admin API|access_denied|closed|reset/.test(reason);
}

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
      // A login that is left before the commit ends there: docs/limits.md.
      const traffic = await it.traffic({ population: { leave_login: 0, resume_login: 0 } });
      await it.start();
      await it.until('gate plan', ({ awaiting }) => awaiting?.gate === 'plan');
      await it.approve('plan');
      await it.until('gate cutover', ({ awaiting }) => awaiting?.gate === 'cutover');
      const isDecided = () => it.until('a commit', (now) => now.committed || now.awaiting?.gate === 'cutover');
      while (!(await isDecided()).committed) await it.approve('cutover');
      const committedAt = Date.now();
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
      expect(clientProblems(clients, (failure) => isLoginUnderWay(failure, committedAt))).toEqual([]);
    },
    LONG_MS,
  );
});
