import { Client } from 'pg';
import { checkHistory } from '../../contention/history/check-history';
import { holdOf } from '../../contention/hold-of';
import { type LabRound, SwitchoverLab } from '../../contention/lab/switchover-lab';
import { ContendedTraffic } from '../../contention/traffic/contended-traffic';
import { beginGrant } from '../../contention/traffic/grant-life';
import { Tally } from '../../contention/traffic/tally';
import { until } from '../../support/until';
import { PATIENT } from '../activities/switchover-fixture';
import { seededRandom } from '../hydra/sync/history';

const GRANTS = 8;
let lab: SwitchoverLab;
beforeAll(async () => {
  // No request is given up because this machine is busy.
  lab = await SwitchoverLab.start({ settings: PATIENT, clientTimeoutMs: 250_000 });
});
afterAll(() => lab.close());

/** What somebody does to green past everybody: tokens that a revocation took away are there again. */
async function reviveAround(revoke: () => Promise<unknown>): Promise<void> {
  const green = new Client(lab.pair.addressOf('green'));
  await green.connect();
  try {
    await green.query('CREATE TEMPORARY TABLE kept AS SELECT * FROM hydra_oauth2_access');
    await revoke();
    await green.query('INSERT INTO hydra_oauth2_access SELECT * FROM kept ON CONFLICT DO NOTHING');
  } finally {
    await green.end();
  }
}

describe('a switchover under clients that race for shared grants through two gateways', () => {
  it('looks to each of them as if there was one Hydra, fails nobody, and a token that comes back is found', () =>
    lab.round(async ({ doors, switchover }: LabRound) => {
      const [one, other] = doors;
      if (one === undefined || other === undefined) throw new Error('two gateways are needed');
      const tally = new Tally();
      const random = seededRandom(15);
      const traffic = new ContendedTraffic({ doors, tally, random, grants: GRANTS, racesMax: 3, pauseMs: 20 });
      const own = await beginGrant(() => one);
      try {
        await own.redeem(one);
        await own.refresh(other, 'r1');
        await until('a grant was fought over', () => tally.summary.grants > 0);
        const receipt = (await switchover()).at(-1);
        if (receipt?.outcome !== 'committed') throw new Error('not committed');
        expect(receipt.refused).toBe(0);
        const { from, to } = holdOf(receipt);
        tally.moved(from - performance.timeOrigin, to - performance.timeOrigin);
        await Promise.all([own.refresh(one, 'r2'), own.introspect(other, 'a2')]);
        await own.introspect(other, 'a3');
      } finally {
        await traffic.stop();
      }
      tally.judge(own);
      const { spanning, contended, broken, undecided, failures, shown } = tally.summary;
      expect({ broken, undecided, failures, shown }).toEqual({ broken: 0, undecided: 0, failures: {}, shown: [] });
      expect([spanning > 0, contended > 0]).toEqual([true, true]);
      await reviveAround(() => own.revoke(one, 'r3'));
      await own.introspect(other, 'a3');
      expect(checkHistory(own.history)).toMatchObject({
        is: 'broken',
        stuck: [expect.stringMatching(/introspect a3 -> active/)],
      });
    }));
});
