import { BRAKE_QUERY, BRAKE_SIGNAL, BRAKE_UPDATE } from '../../domain/brake';
import { reportPage } from '../../domain/evidence/report-page';
import { pageMarkdown } from '../../domain/page/markdown';
import { type BrakeState } from '../../domain/runbook';
import { closed, decide, gateOpens, statusOf, useTemporal } from './support/environment';
import { fakeSteps } from './support/fake-steps';

const temporal = useTemporal();

describe('the brake of a run', () => {
  it('is set by an Update or a Signal while steps run, told by the Query, the status and the report, and refuses what is none', async () => {
    const { activities } = fakeSteps();
    await temporal.upgrade(activities, async (handle) => {
      await gateOpens(handle, 'plan');
      expect(await handle.query<BrakeState | null>(BRAKE_QUERY)).toBeNull();
      const set = { args: [{ paused: true, by: 'bob', note: 'an incident' }] as [unknown] };
      expect(await handle.executeUpdate(BRAKE_UPDATE, set)).toMatchObject({
        paused: true,
        rowsPerSecond: null,
        by: 'bob',
      });
      await expect(handle.executeUpdate(BRAKE_UPDATE, { args: [{ paused: true }] as [unknown] })).rejects.toMatchObject(
        {
          cause: { type: 'DECISION_INVALID' },
        },
      );
      await handle.signal(BRAKE_SIGNAL, { rowsPerSecond: 7, by: 'eve' });
      await handle.signal(BRAKE_SIGNAL, 'nonsense');
      const { brake, ignored } = await statusOf(handle);
      expect(brake).toMatchObject({ paused: true, rowsPerSecond: 7, by: 'eve' });
      expect(ignored).toHaveLength(1);
      await decide(handle, 'plan', 'reject');
      const { report } = await closed(handle);
      expect(report.brakes).toMatchObject([
        { paused: true, by: 'bob', note: 'an incident' },
        { paused: true, rowsPerSecond: 7, by: 'eve' },
      ]);
      expect(pageMarkdown(reportPage(report))).toMatch(/- paused; set by bob at 20\S+ \(an incident\)/);
    });
  });
});
