import { type SqlClient } from '../domain/ports/sql-client';
import { type Job, type JobRemoval } from '../domain/ports/targets';
import { type PurgeGuardReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { copyPathOf } from '../hydra/paths';
import { consentsInGreen, listedOnBlue, subjectsInGreen } from '../hydra/validation';
import { assertTargetsServe } from './green/read-targets';
import { type RemovalVerdict, type SubjectConsents, judgeRemoval } from './green/removal-verdict';
import { withBlue } from './green/with-blue';
import { withGreen } from './green/with-green';
import { type Step, type StepContext, type StepDeps } from './step';

const SUBJECTS_AT_ONCE = 200;

/**
 * Asks each job what it would remove now, and whether that follows from what users revoked: see {@link judgeRemoval}. Blue's rows are as
 * they were at the commit. What a job would remove without naming whose it is was not looked at, so it is not explained.
 *
 * Changes nothing; the jobs stay paused. That no row was lost on the way is for the drain proof and parity to say.
 * @throws CutoverFault TARGET_FELL_BACK | TARGET_UNREACHABLE | HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const guardPurge: Step<StepInput, PurgeGuardReceipt> = async (deps, input, context) => {
  // A system that went back to blue would ask a Hydra that knows nothing of what was granted since.
  const { epoch } = await withGreen(deps, input, context, 'guard purge', readArbiter);
  await assertTargetsServe(deps, epoch, 'resuming jobs');
  const jobs: PurgeGuardReceipt['jobs'][number][] = [];
  for (const job of deps.jobs) jobs.push(await guardJob(deps, input, context, job));
  return { ok: jobs.every(({ wouldRemove, explained }) => explained >= wouldRemove), jobs };
};

async function guardJob(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  job: Job,
): Promise<PurgeGuardReceipt['jobs'][number]> {
  const preview = await job.preview((named) => {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'previewing', job: job.name, named });
  });
  const bySubject = new Map<string, JobRemoval[]>();
  for (const removal of preview.removals.flatMap(whose)) {
    const known = bySubject.get(removal.subject);
    if (known === undefined) bySubject.set(removal.subject, [removal]);
    else known.push(removal);
  }
  const counts: Record<RemovalVerdict, number> = { explained: 0, intact: 0, hidden: 0 };
  const named = [...bySubject.keys()];
  for (let from = 0; from < named.length; from += SUBJECTS_AT_ONCE) {
    context.heartbeat({ step: 'explaining', job: job.name, done: from, of: named.length });
    const page = named.slice(from, from + SUBJECTS_AT_ONCE);
    const consentIds = page.flatMap((subject) =>
      (bySubject.get(subject) ?? []).flatMap(({ consent }) => consent ?? []),
    );
    for (const [subject, consents] of await consentsOf(deps, input, context, page, consentIds)) {
      for (const removal of bySubject.get(subject) ?? []) counts[judgeRemoval(removal, consents)] += 1;
    }
  }
  // A job may name more than it counts.
  const wouldRemove = Math.max(preview.wouldRemove, preview.removals.length);
  const judged = counts.explained + counts.intact + counts.hidden;
  return { name: job.name, wouldRemove, ...counts, unnamed: wouldRemove - judged };
}

/** What is empty names nothing: a job that reads a field which green leaves empty must not be taken at its word. */
function whose({ subject, client, consent }: JobRemoval): readonly JobRemoval[] {
  if (subject === '') return [];
  return [{ subject, ...(client ? { client } : {}), ...(consent ? { consent } : {}) }];
}

/** Green's Hydra is asked only about those of whom one of the databases has anything: a whole purge may be of others. */
async function consentsOf(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  subjects: readonly string[],
  consentIds: readonly string[],
): Promise<ReadonlyMap<string, SubjectConsents>> {
  const path = copyPathOf(deps.settings.hydraVersion);
  const onBlue = await withBlue(deps, context, 'guard purge', (blue) => listedOnBlue(path.consents, blue, subjects));
  const present = await onGreen(deps, input, context, (green) => subjectsInGreen(green, subjects));
  const found = new Map<string, SubjectConsents>();
  for (const subject of subjects) {
    context.signal.throwIfAborted();
    const before = onBlue.get(subject) ?? [];
    const isKnown = before.length > 0 || present.has(subject);
    const listed = isKnown ? await deps.hydra.consents('green', subject) : [];
    found.set(subject, { onBlue: before, listed, inGreen: new Set() });
  }
  // After Hydra was asked: what is revoked in between is then missing in both.
  const unlisted = [...found.values()].flatMap(({ onBlue: before, listed }) => {
    const ids = new Set(listed.map(({ consentId }) => consentId));
    return before.map(({ consentId }) => consentId).filter((id) => !ids.has(id));
  });
  const inGreen = await onGreen(deps, input, context, (green) => consentsInGreen(green, [...unlisted, ...consentIds]));
  return new Map([...found].map(([subject, consents]) => [subject, { ...consents, inGreen }]));
}

function onGreen<T>(deps: StepDeps, input: StepInput, context: StepContext, work: (green: SqlClient) => Promise<T>) {
  return withGreen(deps, input, context, 'guard purge', work);
}
