import { guardPurge } from '../../../activities/guard-purge';
import { type StepDeps } from '../../../activities/step';
import { type Job, type JobPreview } from '../../../domain/ports/targets';
import { stepContext } from './step-context';

const INPUT = { cutoverId: 'c1', environment: 'test' };
const RUN = { side: 'green', cutoverId: INPUT.cutoverId, nonce: '', state: 'open', epoch: 7, present: true };

/** Every subject has one consent on blue, and green has its row; those of `damaged` are not listed. */
function depsFor(preview: JobPreview, damaged: ReadonlySet<string>, asked: string[] = []): StepDeps {
  const idOf = (subject: string) => `consent of ${subject}`;
  const query = (text: string, values: readonly unknown[] = []) => {
    const names = (values[0] ?? []) as string[];
    const rows = text.includes('FROM hydra_oauth2_consent_request')
      ? names.filter((name) => !name.startsWith('revoked')).map((subject) => ({ subject, ids: [idOf(subject)] }))
      : text.includes('FROM hydra_oauth2_flow')
        ? names.map((id) => ({ id }))
        : [RUN];
    return Promise.resolve({ rows, rowCount: rows.length });
  };
  const consents = (_side: string, subject: string) => {
    asked.push(subject);
    return Promise.resolve(damaged.has(subject) ? [] : [{ consentId: idOf(subject) }]);
  };
  const job: Partial<Job> = { name: 'purge', preview: () => Promise.resolve(preview) };
  return {
    settings: { hydraSchema: 'public' },
    gateways: [],
    targets: [],
    jobs: [job],
    hydra: { consents },
    databases: {
      withSession: (_side: string, work: (session: object) => unknown) => work({ backendPid: 1, query }),
    },
  } as unknown as StepDeps;
}

const guard = (preview: JobPreview, damaged: readonly string[] = [], asked: string[] = []) =>
  guardPurge(depsFor(preview, new Set(damaged), asked), INPUT, stepContext());
const subjects = (count: number) => Array.from({ length: count }, (_, index) => `subject ${index}`);

describe('what a job would remove is explained', () => {
  it('when it names all of it, and nobody of them is damaged', async () => {
    expect(await guard({ wouldRemove: 450, subjects: subjects(450) })).toEqual({
      ok: true,
      jobs: [{ name: 'purge', wouldRemove: 450, explained: 450, unnamed: 0 }],
    });
    expect(await guard({ wouldRemove: 0, subjects: [] })).toMatchObject({ ok: true });
  });

  it('never beyond what it names', async () => {
    expect(await guard({ wouldRemove: 250_000, subjects: subjects(1_000) })).toEqual({
      ok: false,
      jobs: [{ name: 'purge', wouldRemove: 250_000, explained: 1_000, unnamed: 249_000 }],
    });
    expect(await guard({ wouldRemove: 3, subjects: [] })).toMatchObject({ ok: false, jobs: [{ explained: 0 }] });
    expect(await guard({ wouldRemove: 3, subjects: ['a', 'b'] })).toMatchObject({ ok: false });
  });

  it('not for any thing of a subject whose consent is there and not listed', async () => {
    const preview = { wouldRemove: 4, subjects: ['a', 'b', 'b', 'c'] };
    expect(await guard(preview, ['b'])).toEqual({
      ok: false,
      jobs: [{ name: 'purge', wouldRemove: 4, explained: 2, unnamed: 0 }],
    });
  });

  it('not when a job counts less than it names', async () => {
    expect(await guard({ wouldRemove: 1, subjects: ['a', 'b'] }, ['b'])).toMatchObject({
      ok: false,
      jobs: [{ wouldRemove: 2, explained: 1 }],
    });
  });

  it('without a question to Hydra for subjects who had revoked everything on blue', async () => {
    const asked: string[] = [];
    expect(await guard({ wouldRemove: 2, subjects: ['revoked 1', 'a'] }, [], asked)).toMatchObject({ ok: true });
    expect(asked).toEqual(['a']);
  });

  it('and a preview that is still being read ends with the step', async () => {
    const stop = new AbortController();
    const deps = depsFor({ wouldRemove: 0, subjects: [] }, new Set());
    const named: number[] = [];
    const preview: Job['preview'] = (onProgress) => {
      onProgress?.(named.push(1));
      stop.abort(new Error('stopped'));
      onProgress?.(named.push(2));
      return Promise.reject(new Error('was not ended'));
    };
    const endless = { ...deps, jobs: [{ ...deps.jobs[0], preview }] } as StepDeps;
    await expect(guardPurge(endless, INPUT, { ...stepContext(), signal: stop.signal })).rejects.toThrow('stopped');
  });
});
