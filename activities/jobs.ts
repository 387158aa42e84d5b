import { setTimeout as sleep } from 'node:timers/promises';
import { asCutoverFault } from '../domain/faults';
import { type Job } from '../domain/ports/targets';
import { type StepInput } from '../domain/steps';
import { type Step, type StepContext, type StepDeps } from './step';

const RETRY_MS = { first: 100, max: 5_000 } as const;
/** Then the step fails and is repeated as a whole. */
const PATIENCE_MS = 60_000;

/**
 * No job acts on Hydra's answers any more, and no run of one is under way: an unreachable database makes Hydra call live tokens
 * inactive. Idempotent.
 *
 * @throws CutoverFault TARGET_UNREACHABLE (retryable) | what a job refuses; after all other jobs were asked
 */
export const pauseJobs: Step<StepInput, void> = (deps, _input, context) =>
  forAllJobs(deps, context, 'pausing', (job) => job.pause());

/** Idempotent, also for jobs that were never paused. @throws CutoverFault as {@link pauseJobs} */
export const resumeJobs: Step<StepInput, void> = (deps, _input, context) =>
  forAllJobs(deps, context, 'resuming', (job) => job.resume());

async function forAllJobs(
  { jobs, log }: StepDeps,
  context: StepContext,
  step: string,
  work: (job: Job) => Promise<void>,
): Promise<void> {
  context.signal.throwIfAborted();
  const waiting = new Set(jobs.map(({ name }) => name));
  const say = () => context.heartbeat({ step, waiting: [...waiting] });
  say();
  const results = await Promise.allSettled(
    jobs.map(async (job) => {
      await orAborted(patiently(job, log, context.signal, work), context.signal);
      waiting.delete(job.name);
      say();
    }),
  );
  context.signal.throwIfAborted();
  for (const result of results) if (result.status === 'rejected') throw asCutoverFault(result.reason);
}

async function patiently(
  job: Job,
  log: StepDeps['log'],
  signal: AbortSignal,
  work: (job: Job) => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let waitMs: number = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.max)) {
    try {
      return await work(job);
    } catch (error) {
      const fault = asCutoverFault(error);
      if (!fault.retryable || performance.now() + waitMs > deadline) throw fault;
      log.warn({ job: job.name, code: fault.code }, 'job not reached; it is tried again');
      await sleep(waitMs, undefined, { signal });
    }
  }
}

/** A job may take long to end its run; a cancellation does not wait for it. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(asCutoverFault(signal.reason));
    signal.addEventListener('abort', abort, { once: true, signal: settled.signal });
    if (signal.aborted) abort();
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    settled.abort();
    work.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}
