import { type Job } from '../domain/ports/targets';
import { type PurgeGuardReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { consentsInGreen, listedOnBlue } from '../hydra/validation';
import { assertTargetsServe } from './green/read-targets';
import { withGreen } from './green/with-green';
import { type Step, type StepContext, type StepDeps } from './step';

const SUBJECTS_AT_ONCE = 200;

/**
 * Asks each job what it would remove now, and whether that follows from what users revoked: for every subject it names, green's Hydra
 * must list each consent that blue listed at the commit and green still has a row of. A row that is there and not listed is damage
 * that the job would take for a revocation. What a job would remove without naming whose it is was not looked at, so it is not explained.
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
  const removals = new Map<string, number>();
  for (const subject of preview.subjects) removals.set(subject, (removals.get(subject) ?? 0) + 1);
  // A job may name more than it counts.
  const wouldRemove = Math.max(preview.wouldRemove, preview.subjects.length);
  const named = [...removals.keys()];
  let explained = preview.subjects.length;
  for (let from = 0; from < named.length; from += SUBJECTS_AT_ONCE) {
    context.heartbeat({ step: 'explaining', job: job.name, done: from, of: named.length });
    const page = named.slice(from, from + SUBJECTS_AT_ONCE);
    for (const subject of await findUnexplained(deps, input, context, page)) explained -= removals.get(subject) ?? 0;
  }
  return { name: job.name, wouldRemove, explained, unnamed: wouldRemove - preview.subjects.length };
}

/** @returns those of these subjects that have a consent that is there and not listed */
async function findUnexplained(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  subjects: readonly string[],
): Promise<string[]> {
  const onBlue = await deps.databases.withSession(
    'blue',
    async (blue) => {
      await blue.query(`SELECT set_config('search_path', quote_ident($1), false)`, [deps.settings.hydraSchema]);
      return listedOnBlue(blue, subjects);
    },
    { signal: context.signal, purpose: 'guard purge' },
  );
  const unexplained: string[] = [];
  for (const subject of subjects) {
    context.signal.throwIfAborted();
    const before = onBlue.get(subject);
    // Everything was revoked on blue: green has nothing to list, and a whole purge may be of such subjects.
    if (before === undefined) continue;
    const listed = new Set((await deps.hydra.consents('green', subject)).map(({ consentId }) => consentId));
    const missing = before.filter((id) => !listed.has(id));
    if (missing.length === 0) continue;
    const there = await withGreen(deps, input, context, 'guard purge', (green) => consentsInGreen(green, missing));
    if (there.size > 0) unexplained.push(subject);
  }
  return unexplained;
}
