import { type SqlClient } from '../domain/ports/sql-client';
import { type Job, type JobPreview, type JobRemoval } from '../domain/ports/targets';
import { type PurgeGuardReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { validConsentsIn, listedConsents, subjectsWithConsents } from '../hydra/validation';
import { assertTargetsServe } from './support/read-targets';
import { type RemovalVerdict, type SubjectConsents, judgeRemoval } from './support/removal-verdict';
import { withLeft } from './support/with-left';
import { withEntered, withEnteredRows } from './support/with-entered';
import { type Step, type StepContext, type StepDeps } from './step';
import { pathOfRun } from './support/of-side';

const SUBJECTS_AT_ONCE = 200;
/** How often a job is asked at most. */
const LOOKS_MAX = 3;

/**
 * Asks each job what it would remove now, and whether that follows from what users revoked: see {@link judgeRemoval}. Rows of the left side are as
 * they were at the commit. What a job would remove without naming whose it is was not looked at, so it is not explained.
 *
 * Changes nothing; the jobs stay paused. That no row was lost on the way is for the drain proof and parity to say.
 * @throws CutoverFault TARGET_FELL_BACK | TARGET_UNREACHABLE | HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const guardPurge: Step<StepInput, PurgeGuardReceipt> = async (deps, input, context) => {
  // A system that went back to the left side would ask a Hydra that knows nothing of what was granted since.
  const { epoch } = await withEntered(deps, input, context, 'guard purge', readArbiter);
  await assertTargetsServe(deps, epoch, 'resuming jobs');
  const jobs: PurgeGuardReceipt['jobs'][number][] = [];
  for (const job of deps.jobs) jobs.push(await guardJob(deps, input, context, job));
  return { ok: jobs.every(({ wouldRemove, explained }) => explained >= wouldRemove), jobs };
};

/**
 * A preview of many takes its time, and a user who has nothing may consent anew meanwhile: the job was right to name him, and would not
 * any more. So it is asked again, a few times, for what hangs on a consent that is listed; a job that misreads the entered side names it each time.
 */
async function guardJob(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  job: Job,
): Promise<PurgeGuardReceipt['jobs'][number]> {
  const preview = await previewOf(job, context);
  const removals = preview.removals.flatMap(whose);
  let verdicts = await judged(deps, input, context, job, removals);
  const settled = [...verdicts.values()].filter((verdict) => verdict !== 'intact');
  let doubted = removals.filter((removal) => verdicts.get(removal) === 'intact');
  for (let look = 1; look < LOOKS_MAX && doubted.length > 0; look += 1) {
    const again = new Set((await previewOf(job, context)).removals.flatMap(whose).map(nameOf));
    const still = doubted.filter((removal) => again.has(nameOf(removal)));
    settled.push(...doubted.filter((removal) => !again.has(nameOf(removal))).map(() => 'explained' as const));
    verdicts = await judged(deps, input, context, job, still);
    settled.push(...[...verdicts.values()].filter((verdict) => verdict !== 'intact'));
    doubted = still.filter((removal) => verdicts.get(removal) === 'intact');
  }
  const count = (wanted: RemovalVerdict) => settled.filter((verdict) => verdict === wanted).length;
  // A job may name more than it counts.
  const wouldRemove = Math.max(preview.wouldRemove, preview.removals.length);
  const counts = { explained: count('explained'), intact: doubted.length, hidden: count('hidden') };
  return { name: job.name, wouldRemove, ...counts, unnamed: wouldRemove - removals.length };
}

function previewOf(job: Job, context: StepContext): Promise<JobPreview> {
  return job.preview((named) => {
    context.signal.throwIfAborted();
    context.heartbeat({ step: 'previewing', job: job.name, named });
  });
}

/** In each preview the same. */
function nameOf({ subject, client, consent }: JobRemoval): string {
  return JSON.stringify([subject, client, consent]);
}

async function judged(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  job: Job,
  removals: readonly JobRemoval[],
): Promise<ReadonlyMap<JobRemoval, RemovalVerdict>> {
  const bySubject = new Map<string, JobRemoval[]>();
  for (const removal of removals) {
    const known = bySubject.get(removal.subject);
    if (known === undefined) bySubject.set(removal.subject, [removal]);
    else known.push(removal);
  }
  const verdicts = new Map<JobRemoval, RemovalVerdict>();
  const named = [...bySubject.keys()];
  for (let from = 0; from < named.length; from += SUBJECTS_AT_ONCE) {
    context.heartbeat({ step: 'explaining', job: job.name, done: from, of: named.length });
    const page = named.slice(from, from + SUBJECTS_AT_ONCE);
    const consentIds = page.flatMap((subject) =>
      (bySubject.get(subject) ?? []).flatMap(({ consent }) => consent ?? []),
    );
    for (const [subject, consents] of await consentsOf(deps, input, context, page, consentIds)) {
      for (const removal of bySubject.get(subject) ?? []) verdicts.set(removal, judgeRemoval(removal, consents));
    }
  }
  return verdicts;
}

/** What is empty names nothing: a job that reads a field which the entered side leaves empty must not be taken at its word. */
function whose({ subject, client, consent }: JobRemoval): readonly JobRemoval[] {
  if (subject === '') return [];
  return [{ subject, ...(client ? { client } : {}), ...(consent ? { consent } : {}) }];
}

/** The entered side's Hydra is asked only about those of whom one of the databases has anything: a whole purge may be of others. */
async function consentsOf(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  subjects: readonly string[],
  consentIds: readonly string[],
): Promise<ReadonlyMap<string, SubjectConsents>> {
  const path = pathOfRun(deps);
  const atCommit = await withLeft(deps, context, 'guard purge', (left) =>
    listedConsents(path.consents, left, subjects),
  );
  const present = await onEntered(deps, input, context, (entered) => subjectsWithConsents(entered, subjects));
  const found = new Map<string, SubjectConsents>();
  for (const subject of subjects) {
    context.signal.throwIfAborted();
    const before = atCommit.get(subject) ?? [];
    const isKnown = before.length > 0 || present.has(subject);
    const listed = isKnown ? await deps.hydra.consents(deps.direction.to, subject) : [];
    found.set(subject, { before, listed, valid: new Set() });
  }
  // After Hydra was asked: what is revoked in between is then missing in both.
  const unlisted = [...found.values()].flatMap(({ before, listed }) => {
    const ids = new Set(listed.map(({ consentId }) => consentId));
    return before.map(({ consentId }) => consentId).filter((id) => !ids.has(id));
  });
  const valid = await onEntered(deps, input, context, (entered) =>
    validConsentsIn(entered, [...unlisted, ...consentIds]),
  );
  return new Map([...found].map(([subject, consents]) => [subject, { ...consents, valid }]));
}

function onEntered<T>(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  work: (entered: SqlClient) => Promise<T>,
) {
  return withEnteredRows(deps, input, context, 'guard purge', work);
}
