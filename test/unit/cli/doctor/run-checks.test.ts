import { fail, ok, type DoctorCheck } from '../../../../cli/doctor/check';
import { renderReport } from '../../../../cli/doctor/render-report';
import { runChecks } from '../../../../cli/doctor/run-checks';

const check = (id: string, run: DoctorCheck['run']): DoctorCheck => ({ id, title: `title of ${id}`, run });

describe('runChecks', () => {
  it('reports all checks in the order given, whichever ends first', async () => {
    const reports = await runChecks(
      [
        check('slow', () => new Promise((resolve) => setTimeout(() => resolve(ok('slow')), 30))),
        check('failing', async () => fail('broken', 'fix it')),
        check('quick', async () => ok('quick')),
      ],
      10_000,
    );
    expect(reports.map(({ id, status }) => [id, status])).toEqual([
      ['slow', 'ok'],
      ['failing', 'fail'],
      ['quick', 'ok'],
    ]);
  });

  it('fails a check that never ends and tells it to stop, without holding up the others', async () => {
    let aborted = false;
    const reports = await runChecks(
      [
        check('stuck', (signal) => {
          signal.addEventListener('abort', () => (aborted = true));
          return new Promise(() => undefined);
        }),
        check('fine', async () => ok('fine')),
      ],
      50,
    );
    expect(reports.map(({ status }) => status)).toEqual(['fail', 'ok']);
    expect(reports[0]?.summary).toBe('no answer within 50 ms');
    expect(aborted).toBe(true);
  });

  it('fails a check that throws, at once or after its deadline', async () => {
    const late = (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('late'))));
    const reports = await runChecks(
      [
        check('throws', () => {
          throw new Error('at once');
        }),
        check('late', late),
      ],
      30,
    );
    expect(reports.map(({ summary }) => summary)).toEqual([
      'the check itself failed: at once',
      'no answer within 30 ms',
    ]);
  });

  it('is rendered with what failed and its fix before everything else', async () => {
    const reports = await runChecks(
      [check('a', async () => ok('good')), check('b', async () => fail('bad', 'fix it'))],
      1_000,
    );
    expect(renderReport('machine', reports, Infinity).split('\n')).toEqual([
      'Checks of this machine',
      '',
      'Verdict: 1 check failed.',
      '',
      'checks  1 ok, 1 fail',
      '',
      'Failed',
      '- title of b: bad. Fix: fix it',
      '',
      'All checks',
      'check       is    found',
      'title of a  ok    good',
      'title of b  fail  bad',
      '',
    ]);
  });

  it('is readable at 40 columns', async () => {
    const long = 'nothing listens at http://a-host-with-a-long-name.example:4445/health/ready';
    const reports = await runChecks([check('b', async () => fail(long, `start it: ${long}`))], 1_000);
    const lines = renderReport('environment', reports, 40).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(40);
  });
});
