import { randomUUID } from 'node:crypto';
import { asCutoverFault } from '../../domain/faults';
import { type RouteHandler } from '../../gateway/target';
import { controlRoutes, type ControlOperation } from '../service/control-listener';
import { type CleanupJob } from './cleanup-job';

/** So many policies a page of a preview names; the count is always whole. */
const PAGE_POLICIES = 1_000;

/** A preview whose pages are being read. */
interface KeptPreview {
  readonly id: string;
  readonly summary: object;
  readonly all: readonly object[];
}

/**
 * The job's control: `GET /job`, `POST /job/pause`, `POST /job/resume`, `POST /job/run`, `GET /job/preview`.
 * 409 `JOB_PAUSED` or `JOB_RUNNING` for a run that cannot be; 503 with the fault's code when Hydra or the database do not
 * answer properly, which for a preview means that nothing is known.
 *
 * A preview is judged once, then read in pages: `?after=` with `next` of the page before. Only the newest one is kept; 410
 * `PREVIEW_GONE` for a page of another.
 */
export function jobRoutes(job: CleanupJob, token: string): RouteHandler {
  let kept: KeptPreview | undefined;
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
    'GET /job/preview': guarded(async ({ url = '' }) => {
      const after = new URLSearchParams(url.split('?', 2)[1]).get('after');
      if (after === null) {
        const { groups, ...found } = await job.preview();
        const all = groups.flatMap(({ subject, clients }) => clients.map((client) => ({ subject, client })));
        kept = { id: randomUUID(), summary: { ...found, wouldPurgeCount: all.length }, all };
        return { status: 200, body: pageOf(kept, 0) };
      }
      const [id, from] = [after.slice(0, after.lastIndexOf('.')), Number(after.slice(after.lastIndexOf('.') + 1))];
      if (kept?.id === id && from > 0 && from < kept.all.length) return { status: 200, body: pageOf(kept, from) };
      return { status: 410, body: { code: 'PREVIEW_GONE', message: 'this preview is over; begin it anew' } };
    }),
  });
}

function pageOf({ id, summary, all }: KeptPreview, from: number): object {
  const to = from + PAGE_POLICIES;
  return { ...summary, wouldPurge: all.slice(from, to), next: to < all.length ? `${id}.${to}` : null };
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
