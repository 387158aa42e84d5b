import { type Logger } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { type EpochState } from '../../domain/target';
import { type HydraSide } from '../service/hydra-admin';
import { type PolicyServiceConfig } from './config';
import { assertReady, findOrphans, type FindOrphansDeps, type FindOrphansOptions, type Orphans } from './find-orphans';
import { type CleanupRun, type RunCounts, type RunOutcome, type SubjectPolicies } from './policy-store';

export interface CleanupJobDeps extends FindOrphansDeps {
  readonly applied: () => EpochState<HydraSide>;
  readonly config: () => Pick<PolicyServiceConfig, 'cleanup' | 'hydraDeadlineMs'>;
  readonly logger: Logger;
}

export interface JobStatus {
  readonly paused: boolean;
  readonly running: boolean;
  readonly policies: number;
  /** Since the database was made. */
  readonly purged: number;
  readonly lastRun: CleanupRun | null;
}

export type RunRefusal = 'JOB_PAUSED' | 'JOB_RUNNING';

const NO_COUNTS: RunCounts = { subjects: 0, policies: 0, incomplete: 0, purged: 0 };

/**
 * The job that purges policies without a consent session, by a timer and on demand.
 *
 * It lists everything first and purges only if no listing failed; each subject is listed again right before its policies go.
 * A run belongs to one side: a flip ends it before the flip is answered.
 */
export class CleanupJob {
  private timer: NodeJS.Timeout | undefined;
  private current: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  private readonly closing = new AbortController();

  constructor(private readonly deps: CleanupJobDeps) {}

  /** Plans the next run by the timer; also after the interval was changed. */
  schedule(): void {
    clearTimeout(this.timer);
    if (this.closing.signal.aborted) return;
    const tick = () =>
      void this.run()
        .catch((error: unknown) => this.deps.logger.error({ err: error }, 'cleanup run not recorded'))
        .then(() => this.schedule());
    this.timer = setTimeout(tick, this.deps.config().cleanup.intervalMs);
    this.timer.unref();
  }

  /** @throws CutoverFault DB_UNREACHABLE */
  async status(): Promise<JobStatus> {
    const { store } = this.deps;
    const [paused, counts, lastRun] = await Promise.all([store.isPaused(), store.counts(), store.lastRun()]);
    return { paused, running: this.current !== undefined, ...counts, lastRun };
  }

  /** Durable over restarts. Resolves when no run is under way any more and none will begin. Idempotent. */
  async pause(): Promise<JobStatus> {
    await this.deps.store.setPaused(true);
    await this.interrupt('the job was paused');
    this.deps.logger.info('cleanup job paused');
    return this.status();
  }

  async resume(): Promise<JobStatus> {
    await this.deps.store.setPaused(false);
    this.deps.logger.info('cleanup job resumed');
    this.schedule();
    return this.status();
  }

  /** Ends a run that is under way, before its next purge. */
  async interrupt(reason: string): Promise<void> {
    this.current?.abort.abort(new Error(reason));
    await this.current?.done;
  }

  /**
   * What a run would purge now. Works while the job is paused.
   * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | DB_UNREACHABLE
   */
  async preview(): Promise<Orphans & { readonly epoch: number }> {
    const { epoch, state } = this.deps.applied();
    return { epoch, ...(await findOrphans(this.deps, this.options(state, this.closing.signal))) };
  }

  /** One run now. @returns its record, or why there was none */
  async run(): Promise<CleanupRun | RunRefusal | null> {
    if (this.current !== undefined) return 'JOB_RUNNING';
    const abort = new AbortController();
    let finish: () => void = () => undefined;
    this.current = { abort, done: new Promise<void>((resolve) => (finish = resolve)) };
    try {
      if (await this.deps.store.isPaused()) return 'JOB_PAUSED';
      await this.recorded(AbortSignal.any([abort.signal, this.closing.signal]));
    } finally {
      this.current = undefined;
      finish();
    }
    return this.deps.store.lastRun();
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.closing.abort(new Error('the service stops'));
    await this.current?.done;
  }

  private async recorded(signal: AbortSignal): Promise<void> {
    const { epoch, state } = this.deps.applied();
    const id = await this.deps.store.beginRun(epoch);
    const counts = { ...NO_COUNTS };
    let outcome: RunOutcome = 'completed';
    let message: string | null = null;
    try {
      await this.purgeOrphans({ id, epoch }, state, signal, counts);
    } catch (error) {
      const fault = asCutoverFault(signal.aborted ? signal.reason : error);
      outcome = signal.aborted ? 'interrupted' : 'failed';
      message = fault.message;
      this.deps.logger.warn({ epoch, code: fault.code, err: fault, ...counts }, 'cleanup run ended early');
    }
    await this.deps.store.endRun(id, outcome, counts, message);
    if (outcome === 'completed') this.deps.logger.info({ epoch, ...counts }, 'cleanup run completed');
  }

  private async purgeOrphans(
    run: { id: number; epoch: number },
    side: HydraSide,
    signal: AbortSignal,
    counts: { -readonly [Key in keyof RunCounts]: RunCounts[Key] },
  ): Promise<void> {
    const orphans = await findOrphans(this.deps, this.options(side, signal));
    Object.assign(counts, { subjects: orphans.subjects, policies: orphans.policies, incomplete: orphans.incomplete });
    for (const group of orphans.groups) {
      const still = await this.stillOrphans(side, group, signal);
      signal.throwIfAborted();
      if (still.clients.length === 0) continue;
      const purged = await this.deps.store.purge(run, still, orphans.asOf);
      if (purged === undefined) throw new Error('the job was paused');
      counts.purged += purged;
    }
  }

  /** A consent may have come since the first listing; and a Hydra that lost its database since then must not be believed. */
  private async stillOrphans(side: HydraSide, group: SubjectPolicies, signal: AbortSignal): Promise<SubjectPolicies> {
    const { hydra, sessions } = this.deps;
    const deadlineMs = this.deps.config().hydraDeadlineMs;
    const listing = await sessions.missing(side, group.subject, group.clients, { deadlineMs, signal });
    await assertReady(hydra, side, deadlineMs, signal);
    return { subject: group.subject, clients: listing.kind === 'complete' ? listing.missing : [] };
  }

  private options(side: HydraSide, signal: AbortSignal): FindOrphansOptions {
    const { cleanup, hydraDeadlineMs } = this.deps.config();
    return { side, policyAgeMsMin: cleanup.policyAgeMsMin, deadlineMs: hydraDeadlineMs, signal };
  }
}
