import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Logger } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import { type OauthEndpoints, OauthHttp, type OauthHttpOptions } from '../oauth';
import { runCheck } from './check/run-check';
import { inParallel } from './check/parallel';
import { type TrafficConfig } from './config';
import { Dependents } from './http/dependents';
import { HydraApi } from './http/hydra-api';
import { adminApp, type LoginAppFor, pageApp } from './http/login-pages';
import { RecordedHttp } from './http/recorded-http';
import { SigningKeys } from './http/signing-keys';
import { OPERATIONS, type OperationName } from './operations/catalogue';
import { OperationContext, type OperationTools } from './operations/context';
import { newGrant } from './operations/grants';
import { type Finding, type Verdict } from './oracle/verdict';
import { SeenValues } from './oracle/values';
import { Actor } from './population/actor';
import { ActorPool } from './population/actor-pool';
import { createSharedClients } from './population/shared-clients';
import { Recorder } from './recording/recorder';
import { type TrafficReport } from './report';
import { GeneratorLoadMeter } from './schedule/generator-load';
import { OpenLoop, type ScheduledStart } from './schedule/open-loop';
import { Random } from './schedule/random';
import { runOperation } from './run-operation';

const CONNECTIONS = 128;
const CHECK_CONNECTIONS = 32;
const SETUP_WIDTH = 8;
/** More than this at the 99th percentile and the generator's numbers are its own. */
const LATE_P99_MS = 50;
const WITNESSED_KEPT = 1_000;

/** A population of clients in front of one Hydra or gateway, with a memory of everything it was promised. */
export class Traffic {
  private readonly recorder: Recorder;
  private readonly random: Random;
  private readonly witnessed: Finding[] = [];
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
    private readonly live: OperationTools,
    private readonly quiet: OperationTools,
    recorder: Recorder,
    witnessed: Finding[],
  ) {
    this.recorder = recorder;
    this.witnessed = witnessed;
    this.random = new Random(config.seed);
    this.weights = weightsOf(config);
    this.schedule = new OpenLoop({ ratePerSecond: config.ratePerSecond, start: (at) => this.startOne(at) });
  }

  /**
   * Creates clients and a first grant for every actor, then is ready to begin.
   * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | CONFIG_UNREADABLE
   */
  static async prepare(config: TrafficConfig, logger: Logger): Promise<Traffic> {
    const recorder = new Recorder(config.pauseThresholdMs);
    const witnessed: Finding[] = [];
    const { endpoints, options } = await httpSettings(config);
    const recorded = new RecordedHttp(endpoints, { ...options, connections: CONNECTIONS }, recorder);
    const silent = new OauthHttp(endpoints, { ...options, connections: CHECK_CONNECTIONS });
    const tokenEndpoint = `${config.issuer ?? config.publicUrl}/oauth2/token`;
    const runName = randomBytes(4).toString('hex');
    const random = new Random(config.seed);
    const registry = new Actor(`${runName}-registry`, random.fork(0));
    const actors = Array.from({ length: config.actors }, (_, at) => new Actor(`${runName}-${at}`, random.fork(at + 1)));
    const api = new HydraApi(silent, tokenEndpoint);
    try {
      const base = {
        shared: await createSharedClients(api, registry, runName),
        keys: new SigningKeys(api),
        values: new SeenValues(),
        witness: (finding: Finding) => void (witnessed.length < WITNESSED_KEPT && witnessed.push(finding)),
      };
      const tools = (http: OauthHttp, into: Recorder): OperationTools => ({
        ...base,
        api: new HydraApi(http, tokenEndpoint),
        loginApp: loginAppOf(config, http, into),
        dependents: new Dependents(http, config),
        recorder: into,
      });
      const live = tools(recorded, recorder);
      const quiet = tools(silent, new Recorder(config.pauseThresholdMs));
      await firstGrants(actors, quiet);
      const pool = new ActorPool([registry, ...actors]);
      return new Traffic(config, logger, pool, live, quiet, recorder, witnessed);
    } catch (error) {
      await Promise.all([recorded.close(), silent.close()]);
      throw error;
    }
  }

  begin(): void {
    this.startedAtMs = Date.now();
    this.schedule.begin();
    this.logger.info({ ratePerSecond: this.config.ratePerSecond, seed: this.config.seed }, 'traffic began');
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
    const verdict = await runCheck({
      pool: this.pool,
      tools: this.quiet,
      settings: check,
      samples: check,
      witnessed: [...this.witnessed],
      actorsAtOnce: check.actorsAtOnce,
      progress: (done, of) => this.logger.debug({ done, of }, 'oracle check goes on'),
    });
    this.lastVerdict = verdict;
    const { checked, clean, durationMs, findingsByName } = verdict;
    this.logger.info({ checked, clean, durationMs, findingsByName }, 'oracle checked all promises');
    return verdict;
  }

  report(): TrafficReport {
    const durationMs = Math.max((this.endedAtMs ?? Date.now()) - this.startedAtMs, 1);
    const traffic = this.recorder.summary(Date.now());
    const { lateness, droppedMs } = this.schedule.summary();
    const load = this.load();
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
        ...load,
        scheduleLateness: lateness,
        droppedMs,
        late: lateness.p99Ms > LATE_P99_MS || droppedMs > 0,
        waiting: this.pool.waiting,
        unstarted: this.unstarted,
        defects: this.defects,
      },
      promises: this.pool.actors.reduce((sum, actor) => sum + actor.ledger.size, 0),
      witnessed: this.witnessed,
      verdict: this.lastVerdict,
    };
  }

  async close(): Promise<void> {
    await this.stop();
    this.meter.stop();
    await Promise.all([this.live.api.http.close(), this.quiet.api.http.close()]);
  }

  private load(): ReturnType<GeneratorLoadMeter['summary']> {
    return this.meter.summary();
  }

  private startOne(at: ScheduledStart): number {
    const name = this.random.weighted(this.weights);
    const fairFromMs = at.intendedAtMs + at.lateMs;
    this.pool.submit(
      async (actor) => {
        try {
          await runOperation(name, actor, this.live, fairFromMs);
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

async function httpSettings(config: TrafficConfig): Promise<{ endpoints: OauthEndpoints; options: OauthHttpOptions }> {
  const { publicUrl, adminUrl, issuer, caFile } = config;
  const adminPrefix = !config.adminGenerationMapped && config.apiGeneration === 2 ? '/admin' : '';
  const endpoints = { publicUrl, adminUrl, adminPrefix, ...(issuer !== undefined && { issuer }) } as const;
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  const options = { forwardedProto: config.forwardedProto, timeoutMs: config.requestTimeoutMs };
  return { endpoints, options: { ...options, ...(ca !== undefined && { ca }) } };
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CutoverFault('CONFIG_UNREADABLE', `caFile ${file} cannot be read`, { file }, error);
  }
}

function loginAppOf(config: TrafficConfig, http: OauthHttp, recorder: Recorder): LoginAppFor {
  if (config.loginApp.kind === 'admin') return adminApp(http);
  return pageApp({ password: config.loginApp.password, onRestart: () => recorder.restart() });
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
