import { type Config } from '../../../config/schema';
import { isCutoverFault } from '../../../domain/faults';
import type * as workerModule from '../../../workers/cli';
import { fail, info, ok, warn, type CheckOutcome, type DoctorCheck } from '../check';

/** A dependent system answers as the switchover will ask it, and serves blue. */
export function targetCheck(target: Config['targets'][number]): DoctorCheck {
  const { name, kind } = target;
  const { askTarget } = worker();
  return {
    id: `target-${name}`,
    title: `target ${name}`,
    run: () =>
      answered(`start it, or correct what the config says of this target of kind ${kind}`, async () => {
        const { appliedSide, appliedEpoch, stagedEpoch } = await askTarget(target);
        const serves = `serves ${appliedSide ?? 'a state that the config does not know'}, epoch ${appliedEpoch}`;
        if (appliedSide === null) return fail(serves, 'correct its `states` in the config, or bring it to one of them');
        if (stagedEpoch !== null) {
          return info(`${serves}; epoch ${stagedEpoch} is staged, of a switchover that is under way or was given up`);
        }
        if (appliedSide === 'blue') return ok(serves);
        return warn(serves, 'fine behind a cutover; before one, bring it to the state of blue');
      }),
  };
}

/** A job answers, and nobody left it paused. */
export function jobCheck(job: Config['jobs'][number]): DoctorCheck {
  const { name } = job;
  const { askJob } = worker();
  return {
    id: `job-${name}`,
    title: `job ${name}`,
    run: () =>
      answered('start the system that runs this job, or correct its controlUrl and token', async () => {
        const { paused, running } = await askJob(job);
        if (!paused) return ok(running ? 'runs just now' : 'waits for its next run');
        return warn('is paused', 'fine during a cutover; otherwise somebody has to resume it: POST /job/resume');
      }),
  };
}

async function answered(fix: string, ask: () => Promise<CheckOutcome>): Promise<CheckOutcome> {
  try {
    return await ask();
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return fail(error.message, fix);
  }
}

/** The drivers of all kinds of targets take a while to load: before the checks begin, whose deadlines would pass meanwhile. */
function worker(): Pick<typeof workerModule, 'askTarget' | 'askJob'> {
  return require('../../../workers/cli') as typeof workerModule;
}
