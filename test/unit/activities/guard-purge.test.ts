import { guardPurge } from '../../../activities/guard-purge';
import { type SubjectConsents, judgeRemoval } from '../../../activities/support/removal-verdict';
import { type StepDeps } from '../../../activities/step';
import { type Job, type JobPreview } from '../../../domain/ports/targets';
import { SCHEMA_VERSION } from '../../../hydra/arbiter/schema-version';
import { stepContext } from './step-context';
import { FORWARD } from '../../../domain/sides';

const INPUT = { cutoverId: 'c1', environment: 'test' };
const RUN = {
  side: 'green',
  cutoverId: INPUT.cutoverId,
  nonce: '',
  state: 'open',
  epoch: 7,
  there: true,
  schemaVersion: SCHEMA_VERSION,
};

/**
 * Every subject had one consent on blue, but those that are called `revoked …`. On green: listed, but those of `gone` (revoked since)
 * and of `hidden` (there, and not listed).
 */
interface State {
  readonly gone?: readonly string[];
  readonly hidden?: readonly string[];
}

function depsFor(
  preview: JobPreview | (() => JobPreview),
  { gone = [], hidden = [] }: State = {},
  asked: string[] = [],
): StepDeps {
  const idOf = (subject: string) => `consent of ${subject}`;
  const query = (sql: string, values: readonly unknown[] = []) => {
    const text = sql.replaceAll('"public".', '');
    // No schema of ours belongs to somebody else.
    if (text.includes('pg_namespace')) return Promise.resolve({ rows: [], rowCount: 0 });
    const names = (values[0] ?? []) as string[];
    const rows = text.includes('FROM hydra_oauth2_consent_request')
      ? names
          .filter((name) => !name.startsWith('revoked'))
          .map((subject) => ({ subject, consents: [{ consentId: idOf(subject), clientId: 'app' }] }))
      : text.includes('SELECT DISTINCT subject')
        ? names.filter((name) => !name.startsWith('revoked')).map((id) => ({ id }))
        : text.includes('FROM hydra_oauth2_flow')
          ? names.filter((id) => !gone.map(idOf).includes(id)).map((id) => ({ id }))
          : [RUN];
    return Promise.resolve({ rows, rowCount: rows.length });
  };
  const consents = (_side: string, subject: string) => {
    asked.push(subject);
    const isListed = !gone.includes(subject) && !hidden.includes(subject);
    return Promise.resolve(isListed ? [{ consentId: idOf(subject), clientId: 'app' }] : []);
  };
  const job: Partial<Job> = {
    name: 'purge',
    preview: () => Promise.resolve(typeof preview === 'function' ? preview() : preview),
  };
  return {
    settings: { hydraSchema: 'public', hydraVersion: { blue: '1.11.10', green: '2.3.0' } },
    direction: FORWARD,
    gateways: [],
    targets: [],
    jobs: [job],
    hydra: { consents },
    databases: {
      withSession: (_side: string, work: (session: object) => unknown) => work({ backendPid: 1, query }),
    },
  } as unknown as StepDeps;
}

const guard = (preview: Parameters<typeof depsFor>[0], state: State = {}, asked: string[] = []) =>
  guardPurge(depsFor(preview, state, asked), INPUT, stepContext());
const subjects = (count: number) => Array.from({ length: count }, (_, index) => `subject ${index}`);
const naming = (...names: readonly string[]) => names.map((subject) => ({ subject }));

describe('what a job would remove is explained', () => {
  it('not by users who lost nothing, however many it names', async () => {
    expect(await guard({ wouldRemove: 450, removals: naming(...subjects(450)) })).toEqual({
      ok: false,
      jobs: [{ name: 'purge', wouldRemove: 450, explained: 0, unnamed: 0, intact: 450, hidden: 0 }],
    });
    expect(await guard({ wouldRemove: 0, removals: [] })).toMatchObject({ ok: true });
  });

  it('by a job that names a user no more who has consented anew while it looked at others', async () => {
    const previews = [naming('gone', 'anew', 'intact'), naming('gone', 'intact', 'later')];
    const preview = () => {
      const removals = previews.length > 1 ? (previews.shift() ?? []) : (previews[0] ?? []);
      return { wouldRemove: removals.length, removals };
    };
    expect(await guard(preview, { gone: ['gone'] })).toEqual({
      ok: false,
      jobs: [{ name: 'purge', wouldRemove: 3, explained: 2, unnamed: 0, intact: 1, hidden: 0 }],
    });
  });

  it('by consents that were revoked since, and when it names all that goes', async () => {
    const gone = subjects(450);
    expect(await guard({ wouldRemove: 450, removals: naming(...gone) }, { gone })).toEqual({
      ok: true,
      jobs: [{ name: 'purge', wouldRemove: 450, explained: 450, unnamed: 0, intact: 0, hidden: 0 }],
    });
    expect(await guard({ wouldRemove: 250_000, removals: naming(...gone) }, { gone })).toMatchObject({
      ok: false,
      jobs: [{ wouldRemove: 250_000, explained: 450, unnamed: 249_550 }],
    });
    expect(await guard({ wouldRemove: 3, removals: [] })).toMatchObject({ ok: false, jobs: [{ explained: 0 }] });
  });

  it('not for any thing of a subject whose consent is there and not listed', async () => {
    const preview = { wouldRemove: 4, removals: naming('a', 'b', 'b', 'c') };
    expect(await guard(preview, { gone: ['a', 'c'], hidden: ['b'] })).toEqual({
      ok: false,
      jobs: [{ name: 'purge', wouldRemove: 4, explained: 2, unnamed: 0, intact: 0, hidden: 2 }],
    });
  });

  it('not when a job counts less than it names', async () => {
    expect(await guard({ wouldRemove: 1, removals: naming('a', 'b') }, { gone: ['a'], hidden: ['b'] })).toMatchObject({
      ok: false,
      jobs: [{ wouldRemove: 2, explained: 1 }],
    });
  });

  it('without a question to Hydra for subjects of whom neither database has anything', async () => {
    const asked: string[] = [];
    const preview = { wouldRemove: 2, removals: naming('revoked 1', 'a') };
    expect(await guard(preview, { gone: ['a'] }, asked)).toMatchObject({ ok: true });
    expect(asked).toEqual(['a']);
  });

  it('not when a job reads a field that green leaves empty, whichever that is', async () => {
    for (const removal of [
      { subject: 'a', consent: '' },
      { subject: 'a', client: '' },
      { subject: 'a', client: 'app', consent: '' },
    ]) {
      expect(await guard({ wouldRemove: 1, removals: [removal] })).toMatchObject({ ok: false, jobs: [{ intact: 1 }] });
    }
    expect(await guard({ wouldRemove: 1, removals: [{ subject: '' }] })).toMatchObject({
      ok: false,
      jobs: [{ explained: 0, unnamed: 1 }],
    });
  });

  it('not when a job reads a short page of 2.x for a whole list, as it was one of 1.x', async () => {
    const PAGE = 250;
    const clients = Array.from({ length: 600 }, (_, index) => `client ${index}`);
    const listed = clients.map((clientId) => ({ consentId: `consent of ${clientId}`, clientId }));
    // It asks with `limit=500`, which 2.x ignores, and stops at fewer than 500.
    const seen = new Set(listed.slice(0, PAGE).map(({ clientId }) => clientId));
    const orphans = clients.filter((client) => !seen.has(client)).map((client) => ({ subject: 'a', client }));
    const preview = { wouldRemove: orphans.length, removals: orphans };
    const deps = depsFor(preview);
    const hydra = { consents: () => Promise.resolve(listed) } as unknown as StepDeps['hydra'];
    expect(await guardPurge({ ...deps, hydra }, INPUT, stepContext())).toMatchObject({
      ok: false,
      jobs: [{ wouldRemove: 350, explained: 0, intact: 350 }],
    });
  });

  it('and a preview that is still being read ends with the step', async () => {
    const stop = new AbortController();
    const deps = depsFor({ wouldRemove: 0, removals: [] });
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

describe('one removal of a subject with a consent for each of two clients', () => {
  const consent = (consentId: string, clientId: string) => ({ consentId, clientId });
  const [mail, shop] = [consent('m', 'mail'), consent('s', 'shop')];
  const judge = (removal: object, onBlue: readonly object[], listed: readonly object[], inGreen: string[]) =>
    judgeRemoval({ subject: 'a', ...removal }, { before: onBlue, listed, valid: new Set(inGreen) } as SubjectConsents);

  it.each<[string, object, object[], object[], string[], string]>([
    ['nothing is gone', {}, [mail, shop], [mail, shop], [], 'intact'],
    ['one was revoked since', {}, [mail, shop], [mail], [], 'explained'],
    ['one was revoked before the commit, the job names the subject alone', {}, [mail], [mail], [], 'intact'],
    [
      'one was revoked before the commit, the job names its client',
      { client: 'shop' },
      [mail],
      [mail],
      [],
      'explained',
    ],
    ['one was revoked since, the job names the other', { client: 'mail' }, [mail, shop], [mail], [], 'intact'],
    ['one was revoked since, the job names that consent', { consent: 's' }, [mail, shop], [mail], [], 'explained'],
    ['the job names a consent that is listed', { consent: 'm' }, [mail, shop], [mail, shop], [], 'intact'],
    ['one is hidden, the job names its client', { client: 'shop' }, [mail, shop], [mail], ['s'], 'hidden'],
    ['one is hidden, another one went', {}, [mail, shop], [], ['s'], 'hidden'],
    ['the job names a consent that green has under nobody', { consent: 'x' }, [mail], [mail], ['x'], 'hidden'],
    ['all were revoked before the commit', {}, [], [], [], 'explained'],
    ['all were revoked before the commit, one was granted anew on green', {}, [], [mail], [], 'intact'],
  ])('when %s', (_case, removal, onBlue, listed, inGreen, verdict) => {
    expect(judge(removal, onBlue, listed, inGreen)).toBe(verdict);
  });
});
