import { asCutoverFault } from '../../domain/faults';
import { type RouteHandler } from '../../gateway/target';
import { controlRoutes, type ControlOperation } from '../service/control-listener';
import { type CleanupJob } from './cleanup-job';

/** So many policies a preview names; the count is always whole. */
const PREVIEW_LIMIT = 1_000;

/**
 * The job's control: `GET /job`, `POST /job/pause`, `POST /job/resume`, `POST /job/run`, `GET /job/preview`.
 * 409 `JOB_PAUSED` or `JOB_RUNNING` for a run that cannot be; 503 with the fault's code when Hydra or the database do not
 * answer properly, which for a preview means that nothing is known.
 */
export function jobRoutes(job: CleanupJob, token: string): RouteHandler {
  return controlRoutes(token, {
    'GET /job': guarded(async () => ({ status: 200, body: await job.status() })),
    'POST /job/pause': guarded(async () => ({ status: 200, body: await job.pause() })),
    'POST /job/resume': guarded(async () => ({ status: 200, body: await job.resume() })),
    'POST /job/run': guarded(async () => {
      const run = await job.run();
      if (run === 'JOB_PAUSED') return { status: 409, body: { code: run, message: 'resume the job first' } };
      if (run === 'JOB_RUNNING') return { status: 409, body: { code: run, message: 'a run is under way' } };
      return { status: 200, body: run };
    }),
    'GET /job/preview': guarded(async () => {
      const { groups, ...found } = await job.preview();
      const all = groups.flatMap(({ subject, clients }) => clients.map((client) => ({ subject, client })));
      return { status: 200, body: { ...found, wouldPurgeCount: all.length, wouldPurge: all.slice(0, PREVIEW_LIMIT) } };
    }),
  });
}

function guarded(operation: ControlOperation): ControlOperation {
  return async (request) => {
    try {
      return await operation(request);
    } catch (error) {
      const { code, message } = asCutoverFault(error);
      if (code === 'INTERNAL') throw error;
      return { status: 503, body: { code, message } };
    }
  };
}
