import { planPage } from '../../../../domain/evidence/plan-page';
import { pageText } from '../../../../domain/page/text';
import { inPlaceVerdict } from '../../../../domain/in-place/verdict';
import { type PastRun } from '../../../../domain/ports/run-history';
import { type Report } from '../../../../domain/receipts';
import { IN_PLACE_PLAN, share } from '../../../workflows/support/fake-in-place-steps';
import { PLAN } from '../../../workflows/support/fake-steps';

function ended(change: Partial<Report>): PastRun {
  const inPlace: Report['inPlace'] = {
    plan: IN_PLACE_PLAN,
    layer: null,
    online: { acts: 1, durationMs: 5 },
    bookkeeping: { versions: 97, pending: 0, oldTables: 4 },
    beside: null,
    shares: [share(), share({ share: 100, requests: 500 })],
    retired: null,
    layerStays: false,
  };
  const report = { schemaVersion: 1, outcome: 'completed', plan: null, inPlace, ...change } as unknown as Report;
  return {
    ...{ workflowId: 'cutover/test', runId: 'run-1', mode: 'real' as const, outcome: report.outcome, report },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-02T00:00:00.000Z' },
  };
}

describe('the verdict of the step before', () => {
  it('is that of the latest run in place which led to the version of blue', () => {
    const verdict = inPlaceVerdict('1.11.10', [ended({ outcome: 'undone' }), ended({})]);
    expect(verdict).toMatchObject({
      from: '1.3.2',
      to: '1.11.10',
      versions: 97,
      shares: [{ share: 1 }, { share: 100 }],
    });
  });

  it.each([
    ['no run is known', '1.11.10', []],
    ['it led to another version', '2.3.0', [ended({})]],
    ['it was taken back', '1.11.10', [ended({ outcome: 'undone' })]],
  ])('is missing when %s', (_what, version, runs) => {
    expect(inPlaceVerdict(version, runs)).toBeUndefined();
  });

  it('stands at gate plan', () => {
    const inPlace = inPlaceVerdict('1.11.10', [ended({})]);
    const read = pageText(planPage({ ...PLAN, ...(inPlace && { inPlace }) }), 200);
    expect(read).toMatch(
      /The step before this one, in place[\s\S]*1\.3\.2 to 1\.11\.10[\s\S]*97 versions[\s\S]*500 requests/,
    );
    expect(pageText(planPage(PLAN), 200)).not.toContain('The step before');
  });
});
