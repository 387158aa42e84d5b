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
 * that the job would take for a revocation.
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
  const { wouldRemove, subjects } = await job.preview();
  const named = [...new Set(subjects)];
  let unexplained = 0;
  for (let from = 0; from < named.length; from += SUBJECTS_AT_ONCE) {
    context.heartbeat({ step: 'explaining', job: job.name, done: from, of: named.length });
    unexplained += await countUnexplained(deps, input, context, named.slice(from, from + SUBJECTS_AT_ONCE));
  }
  // A job that names nobody, but would remove something, has explained nothing.
  const explained = named.length === 0 ? 0 : Math.max(0, wouldRemove - unexplained);
  return { name: job.name, wouldRemove, explained };
}

/** @returns how many of these subjects have a consent that is there and not listed */
async function countUnexplained(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  subjects: readonly string[],
): Promise<number> {
  const onBlue = await deps.databases.withSession(
    'blue',
    async (blue) => {
      await blue.query(`SELECT set_config('search_path', quote_ident($1), false)`, [deps.settings.hydraSchema]);
      return listedOnBlue(blue, subjects);
    },
    { signal: context.signal, purpose: 'guard purge' },
  );
  let unexplained = 0;
  for (const subject of subjects) {
    context.signal.throwIfAborted();
    const listed = new Set((await deps.hydra.consents('green', subject)).map(({ consentId }) => consentId));
    const missing = (onBlue.get(subject) ?? []).filter((id) => !listed.has(id));
    if (missing.length === 0) continue;
    const there = await withGreen(deps, input, context, 'guard purge', (green) => consentsInGreen(green, missing));
    if (there.size > 0) unexplained += 1;
  }
  return unexplained;
}
