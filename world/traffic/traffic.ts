import { type Logger } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import { runCheck } from './check/run-check';
import { inParallel } from './check/parallel';
import { type TrafficConfig } from './config';
import { connect, type Connection } from './connect';
import { OPERATIONS, type OperationName } from './operations/catalogue';
import { OperationContext, type OperationTools } from './operations/context';
import { newGrant } from './operations/grants';
import { type Verdict } from './oracle/verdict';
import { Actor } from './population/actor';
import { ActorPool } from './population/actor-pool';
import { type Percentiles } from './recording/histogram';
import { type TrafficReport } from './report';
import { runOperation } from './run-operation';
import { GeneratorLoadMeter } from './schedule/generator-load';
import { OpenLoop, type ScheduledStart } from './schedule/open-loop';
import { Random } from './schedule/random';

const SETUP_WIDTH = 8;
/** More than this at the 99th percentile and the generator's numbers are its own. */
const LATE_P99_MS = 50;

/** A population of clients in front of one Hydra or gateway, with a memory of everything it was promised. */
export class Traffic {
  private readonly random: Random;
  private readonly meter = new GeneratorLoadMeter();
  private readonly schedule: OpenLoop;
  private readonly weights: readonly (readonly [OperationName, number])[];
  private startedAtMs = Date.now();
  private endedAtMs: number | undefined;
  private lastVerdict: Verdict | undefined;
  private unstarted = 0;
  private defects = 0;

  private constructor(
    private readonly config: TrafficConfig,
    private readonly logger: Logger,
    private readonly pool: ActorPool,
    private readonly parts: Connection,
  ) {
    this.random = new Random(config.seed);
    this.weights = weightsOf(config);
    this.schedule = new OpenLoop({ ratePerSecond: config.ratePerSecond, start: (at) => this.startOne(at) });
  }

  /**
   * Creates clients and a first grant for every actor, then is ready to begin.
   * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | CONFIG_UNREADABLE
   */
  static async prepare(config: TrafficConfig, logger: Logger): Promise<Traffic> {
    const parts = await connect(config);
    const random = new Random(config.seed);
    const { runName } = parts;
    const actors = Array.from({ length: config.actors }, (_, at) => new Actor(`${runName}-${at}`, random.fork(at + 1)));
    try {
      await firstGrants(actors, parts.quiet);
      return new Traffic(config, logger, new ActorPool([parts.registry, ...actors]), parts);
    } catch (error) {
      await parts.close();
      throw error;
    }
  }

  begin(): void {
    this.startedAtMs = Date.now();
    this.schedule.begin();
    this.logger.info({ ratePerSecond: this.config.ratePerSecond, seed: this.config.seed }, 'traffic began');
  }

  /** Every secret that was seen; none without `keepSecrets`. */
  get secrets(): readonly string[] {
    return this.parts.secrets.values;
  }

  /** @param ratePerSecond requests; 0 stands still */
  setRate(ratePerSecond: number): void {
    this.schedule.setRate(ratePerSecond);
  }

  /** Starts nothing new and waits for what is under way, at most as long as one request may take. */
  async stop(): Promise<void> {
    if (this.endedAtMs !== undefined) return;
    this.schedule.end();
    this.unstarted = this.pool.forget();
    await this.pool.whenIdle();
    this.endedAtMs = Date.now();
    this.logger.info({ durationMs: this.endedAtMs - this.startedAtMs }, 'traffic ended');
  }

  /** Asks about every promise made so far, while the traffic goes on. */
  async check(): Promise<Verdict> {
    const { check } = this.config;
    const options = {
      pool: this.pool,
      tools: this.parts.quiet,
      settings: check,
      samples: check,
      witnessed: [...this.parts.witnessed],
      actorsAtOnce: check.actorsAtOnce,
      progress: (done: number, of: number) => this.logger.debug({ done, of }, 'oracle check goes on'),
    };
    const verdict = await this.parts.recorded.quietly(() => runCheck(options));
    this.lastVerdict = verdict;
    const { checked, clean, durationMs, findingsByName } = verdict;
    this.logger.info({ checked, clean, durationMs, findingsByName }, 'oracle checked all promises');
    return verdict;
  }

  /** How long requests took that were sent within the interval: milliseconds since the epoch. */
  waits(fromMs: number, toMs: number): Percentiles {
    return this.parts.recorder.recent.sentBetween(fromMs, toMs);
  }

  report(): TrafficReport {
    const durationMs = Math.max((this.endedAtMs ?? Date.now()) - this.startedAtMs, 1);
    const traffic = this.parts.recorder.summary(Date.now());
    const { lateness, droppedMs } = this.schedule.summary();
    const perSecond = (count: number): number => Math.round((count * 10_000) / durationMs) / 10;
    return {
      schemaVersion: 1,
      startedAt: new Date(this.startedAtMs).toISOString(),
      durationMs,
      seed: this.config.seed,
      actors: this.config.actors,
      ratePerSecondWanted: this.schedule.rate,
      requestsPerSecond: perSecond(traffic.requests),
      writesPerSecond: perSecond(traffic.writesConfirmed),
      traffic,
      generator: {
        ...this.meter.summary(),
        scheduleLateness: lateness,
        droppedMs,
        late: lateness.p99Ms > LATE_P99_MS || droppedMs > 0,
        waiting: this.pool.waiting,
        unstarted: this.unstarted,
        defects: this.defects,
      },
      promises: this.pool.actors.reduce((sum, actor) => sum + actor.ledger.size, 0),
      witnessed: this.parts.witnessed,
      verdict: this.lastVerdict,
    };
  }

  async close(): Promise<void> {
    await this.stop();
    this.meter.stop();
    await this.parts.close();
  }

  private startOne(at: ScheduledStart): number {
    const name = this.random.weighted(this.weights);
    const fairFromMs = at.intendedAtMs + at.lateMs;
    this.pool.submit(
      async (actor) => {
        try {
          await runOperation(name, actor, this.parts.live, fairFromMs);
        } catch (error) {
          this.defects += 1;
          this.logger.error({ err: error, operation: name }, 'operation ended with a defect');
        }
      },
      (bound) => this.random.below(bound),
    );
    return OPERATIONS[name].requests;
  }
}

function weightsOf(config: TrafficConfig): (readonly [OperationName, number])[] {
  const names = Object.keys(OPERATIONS) as OperationName[];
  return names.map((name) => {
    const absent =
      (name === 'call_resource' && config.resourceApiUrl === undefined) ||
      (name === 'check_policy' && config.policyUrl === undefined);
    return [name, absent ? 0 : (config.population[name] ?? OPERATIONS[name].weight)] as const;
  });
}

/** Something to work with, so that the schedule does not begin with logins alone. */
async function firstGrants(actors: readonly Actor[], tools: OperationTools): Promise<void> {
  let failed = 0;
  await inParallel(actors, SETUP_WIDTH, async (actor) => {
    const result = await newGrant(new OperationContext('first_grant', actor, tools));
    if (result !== 'ok') failed += 1;
  });
  if (failed === 0) return;
  const reasons = tools.recorder.summary(Date.now()).failures.map((failure) => failure.reason);
  throw new CutoverFault(
    'HYDRA_UNEXPECTED',
    `${failed} of ${actors.length} first logins failed (${[...new Set(reasons)].join(', ')}); the traffic begins only where all succeed`,
  );
}
