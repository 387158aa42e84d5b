import { ApplicationFailure } from '@temporalio/common';
import { plannedPhases } from '../../domain/plan';
import { type Report } from '../../domain/receipts';
import { type PreflightInput } from '../../domain/steps';
import { closed, useTemporal } from './support/environment';
import { ANSWERS, answers, fakeSteps, PARITY, PLAN, REHEARSAL } from './support/fake-steps';

const temporal = useTemporal();

const refuses = (code: string) => async (): Promise<never> => {
  throw ApplicationFailure.nonRetryable('not now', code);
};
const preflight = async (input: object) => {
  const { environment, mode } = input as PreflightInput;
  if (mode !== 'rehearse') throw ApplicationFailure.nonRetryable(`asked to ${mode}`, 'CHECK_FAILED');
  return { ...PLAN, environment, mode, rehearsal: REHEARSAL };
};

/** Sorted: the comparison of rows has its turn between the questions and the writes. */
const phasesOf = ({ phases }: Report) => phases.map(({ name }) => name).sort();
/** As the plan shows them, but for the gate that nobody asked for. */
const planned = (startsGreen: boolean) =>
  plannedPhases({ mode: 'rehearse', rehearsal: { ...REHEARSAL, startsGreen } })
    .filter((phase) => phase !== 'plan')
    .sort();

describe('a rehearsal', () => {
  it('whose rows did not become what they had to ends with a finding that blocks, and is taken down', async () => {
    const differs = answers({ ...PARITY, rows: 9, differences: 2, examples: ['hydra_client 0f'] });
    const { calls, activities } = fakeSteps({ preflight, compareRowHashes: differs });
    const end = await temporal.upgrade(activities, closed, { mode: 'rehearse' });
    expect(end).toMatchObject({ status: 'COMPLETED', report: { outcome: 'rehearsed' } });
    expect(end.report.findings).toEqual([
      {
        phase: 'parity',
        weight: 'blocks',
        code: 'PARITY_DIFFERS',
        what: '2 of 9 rows did not become what they had to (allowed 0): hydra_client 0f',
      },
    ]);
    expect(calls).toContain('deleteGreen');
  });

  it('tells what clients would be answered otherwise, with the client named, and asks nothing where no Hydra was started', async () => {
    const finding = { question: 'client', about: 'shop', field: 'redirect_uris', kind: 'changed' };
    const compareAnswers = answers({ ...ANSWERS, found: 1, findings: [finding] });
    const { activities } = fakeSteps({ preflight, compareAnswers });
    const { report } = await temporal.upgrade(activities, closed, { mode: 'rehearse' });
    expect(phasesOf(report)).toEqual(planned(true));
    expect(report.findings).toEqual([
      {
        phase: 'samples',
        weight: 'blocks',
        code: 'ANSWERS_DIFFER',
        what: '1 answers of Hydra on the copy are not those of blue: client shop, redirect_uris: green answers it otherwise than blue',
      },
    ]);
    const without = async (input: object) => ({
      ...(await preflight(input)),
      rehearsal: { ...REHEARSAL, startsGreen: false },
    });
    const silent = fakeSteps({ preflight: without });
    const end = await temporal.upgrade(silent.activities, closed, { mode: 'rehearse' });
    expect(phasesOf(end.report)).toEqual(planned(false));
    expect(silent.calls).not.toContain('compareAnswers');
    expect(silent.calls).not.toContain('tryWrites');
  });

  it.each([
    ['where it broke', refuses('HYDRA_UNEXPECTED'), [{ code: 'HYDRA_UNEXPECTED', what: 'step tryWrites: not now' }]],
    [
      'what else it changed',
      answers({ steps: ['refresh'], durationMs: 1, changed: 3 }),
      [
        {
          code: 'PARITY_DIFFERS',
          what: '3 rows are no more what they had to become after Hydra wrote others (allowed 0)',
        },
      ],
    ],
    [
      'that used refresh tokens are taken again',
      answers({ steps: ['refresh'], durationMs: 1, changed: 0, refreshGrace: 'a grace' }),
      [{ code: 'CHECK_FAILED', what: 'a grace' }],
    ],
    ['nothing where its rows could not be compared', answers({ steps: [], durationMs: 1, changed: null }), []],
  ])("that writes through green's Hydra tells %s, after all rows were compared", async (_what, tryWrites, wanted) => {
    const { calls, activities } = fakeSteps({ preflight, tryWrites });
    const { report } = await temporal.upgrade(activities, closed, { mode: 'rehearse' });
    expect(report.findings).toEqual(wanted.map((one) => ({ phase: 'writes', weight: 'blocks', ...one })));
    expect(calls.indexOf('tryWrites')).toBeGreaterThan(calls.indexOf('compareRowHashes'));
    expect(calls).toContain('deleteGreen');
  });

  it.each([
    ['CUTOVER_RUNNING', { status: 'COMPLETED', report: { outcome: 'skipped' } }],
    ['CHECK_FAILED', { status: 'FAILED', type: 'CHECK_FAILED', report: { outcome: 'refused' } }],
    ['CAPTURE_BROKEN', { status: 'FAILED', type: 'CHECK_FAILED', report: { outcome: 'refused' } }],
  ])('that preflight refuses with %s is skipped only for a run that is on', async (code, wanted) => {
    const { calls, activities } = fakeSteps({ preflight: refuses(code) });
    expect(await temporal.upgrade(activities, closed, { mode: 'rehearse' })).toMatchObject(wanted);
    expect(calls).toEqual(['preflight']);
  });

  it('is all that a schedule starts, whatever mode its input names', async () => {
    for (const input of [{ mode: 'real' }, { mode: 'drill' }, {}] as const) {
      const { calls, activities } = fakeSteps({ preflight });
      expect(await temporal.rehearseOnSchedule(activities, input)).toMatchObject({ outcome: 'rehearsed', findings: 0 });
      expect(calls).not.toContain('enableCapture');
    }
  });
});
