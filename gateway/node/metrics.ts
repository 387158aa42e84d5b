import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type ControllerEvent, type GatewayMode } from '../core/controller-deps';
import { type GatewayController } from '../core/gateway-controller';
import { SIDES, type Side } from '../core/gateway-state';
import { type RefreshRetries } from '../core/refresh-retries';
import { type BodyPool } from './body-pool';
import { CallCounts, COUNTED_CALLS } from './call-counts';
import { type ExchangeReport } from './exchange-report';

const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Each is 15 % above the one before, from 1 ms to 10 s: a slowdown by a fifth shows. */
const ANSWER_BUCKETS_S = Array.from({ length: 67 }, (_, index) => Number((0.001 * 1.15 ** index).toPrecision(4)));
const HOLD_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const MODES: readonly GatewayMode[] = ['pass', 'hold', 'in_doubt'];

interface MetricsSources {
  readonly controller: GatewayController;
  readonly isReady: (side: Side) => boolean;
  readonly staleChallenges: { readonly count: number };
  readonly bodies: readonly BodyPool[];
  readonly refreshRetries: Pick<RefreshRetries, 'keptCount' | 'keptBytes'> | undefined;
}

/** Everything the gateway counts, as `GET /metrics` shows it. */
export class GatewayMetrics {
  /** Whoever calls a side counts here. */
  readonly calls = new CallCounts();
  private readonly registry = new Registry();
  private readonly requests = this.counter(
    'gateway_requests_total',
    'Answered requests by listener, side (none: not forwarded) and status class; 499 counts as 4xx.',
    ['listener', 'side', 'status'],
  );
  private readonly answers = this.counter(
    'gateway_oauth_answers_total',
    'Answers that a side gave in full, by what was asked and the OAuth error that was named; of the token endpoint by grant.',
    ['side', 'endpoint', 'grant', 'outcome'],
  );
  private readonly latency = this.histogram(
    'gateway_request_duration_seconds',
    'From the head of a request to the end of its answer, parked time included.',
    LATENCY_BUCKETS_S,
    ['listener'],
  );
  private readonly besideLatency = this.histogram(
    'gateway_beside_duration_seconds',
    'Where blue has two Hydras: requests of each (old, new) by endpoint, from the head to the end of the answer, without time that it was parked.',
    ANSWER_BUCKETS_S,
    ['hydra', 'endpoint'],
  );
  private readonly besideAnswers = this.counter(
    'gateway_beside_answers_total',
    'Where blue has two Hydras: how requests of each (old, new) ended; `unanswered` where it gave no whole answer.',
    ['hydra', 'endpoint', 'grant', 'outcome'],
  );
  private readonly answerLatency = this.histogram(
    'gateway_oauth_answer_duration_seconds',
    'Of the answers that a side gave in full, from the head of the request to the end of the answer, without time that it was parked.',
    ANSWER_BUCKETS_S,
    ['side', 'endpoint'],
  );
  private readonly dropped = this.counter(
    'gateway_dropped_total',
    'Parked requests whose client left; none of them was forwarded.',
  );
  private readonly refusedParking = this.counter(
    'gateway_unforwarded_total',
    'Requests that were answered without being forwarded, by status.',
    ['status'],
  );
  private readonly holds = this.histogram(
    'gateway_hold_duration_seconds',
    'From the hold command to its release.',
    HOLD_BUCKETS_S,
  );
  private readonly doubts = this.counter('gateway_doubt_questions_total', 'Questions to the arbiter, by verdict.', [
    'verdict',
  ]);
  readonly beats = this.counter(
    'gateway_beats_total',
    "Beats of this member at blue's arbiter; refused: beside an attempt that does not count it; none: there are no members there.",
    ['outcome'],
  );
  readonly staleAnswers = this.counter(
    'gateway_stale_challenges_answered_total',
    'Logins and consents of blue that were sent back to their beginning.',
    ['listener'],
  );
  readonly staleDropped = this.counter(
    'gateway_stale_challenges_dropped_total',
    'Challenges and verifiers of blue that were forgotten because there were too many.',
  );
  readonly cookiesTranslated = this.counter(
    'gateway_session_cookies_translated_total',
    'Session cookies of Hydra 1.x that were put into the form of 2.x; once it stands still, nobody needs it any more.',
  );
  readonly secretsCut = this.counter(
    'gateway_client_secrets_cut_total',
    'Requests whose client secret was cut to the 72 bytes that bcrypt looks at, on their way to Hydra 2.x.',
  );
  readonly pagesTranslated = this.counter(
    'gateway_pages_translated_total',
    'Requests to the admin API whose limit and offset were translated for Hydra 2.x.',
  );
  readonly targetsEncoded = this.counter(
    'gateway_targets_encoded_total',
    'Requests whose target had bytes above 0x7f, which were percent-encoded.',
  );
  readonly refreshesSpared = this.counter(
    'gateway_refreshes_spared_total',
    'Refreshes that were answered without being sent: as the same one was (kept), or together with one under way (shared).',
    ['how'],
  );

  private counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ): Histogram<Label> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }

  onEvent(event: ControllerEvent): void {
    if (event.kind === 'dropped') this.dropped.inc();
    else if (event.kind === 'hold_ended') this.holds.observe(event.heldMs / 1_000);
    else if (event.kind === 'doubt_asked') this.doubts.inc({ verdict: event.verdict });
  }

  onExchange(report: ExchangeReport): void {
    const status = `${Math.floor(report.status / 100)}xx`;
    this.requests.inc({ listener: report.listener, side: report.side ?? 'none', status });
    if (report.side !== undefined && report.answer !== undefined)
      this.onAnswer(report.side, report.answer, report.durationMs - report.parkedMs);
    this.latency.observe({ listener: report.listener }, report.durationMs / 1_000);
    if (report.beside !== undefined) this.onBeside(report.beside, report);
    if (report.side === undefined) this.refusedParking.inc({ status: report.status });
  }

  private onBeside(asked: NonNullable<ExchangeReport['beside']>, report: ExchangeReport): void {
    const { hydra, endpoint } = asked;
    const { answer, durationMs, parkedMs } = report;
    this.besideAnswers.inc({ ...asked, outcome: answer?.outcome ?? 'unanswered' });
    this.besideLatency.observe({ hydra, endpoint }, (durationMs - parkedMs) / 1_000);
  }

  onAnswer(side: Side, answer: NonNullable<ExchangeReport['answer']>, durationMs: number): void {
    this.answers.inc({ side, ...answer });
    this.answerLatency.observe({ side, endpoint: answer.endpoint }, durationMs / 1_000);
  }

  /** Gauges are read when they are asked for. */
  watch({ controller, isReady, staleChallenges, bodies, refreshRetries }: MetricsSources): void {
    const registers = [this.registry];
    const gauge = (name: string, help: string, value: () => number) => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    };
    gauge('gateway_in_flight', 'Forwarded and not yet fully answered.', () => controller.inFlight);
    gauge('gateway_parked', 'Requests that wait.', () => controller.parked);
    gauge('gateway_parked_bytes', 'Bytes that parked requests occupy.', () => controller.parkedBytes);
    const sum = (of: (pool: BodyPool) => number) => bodies.reduce((total, pool) => total + of(pool), 0);
    const receiving = () => sum((pool) => pool.incompleteCount);
    gauge('gateway_receiving', 'Requests whose body is not here yet; they have reached nobody.', receiving);
    gauge('gateway_body_bytes', 'Bytes of request bodies in memory.', () => sum((pool) => pool.byteCount));
    gauge('gateway_epoch', 'The applied epoch.', () => controller.read().applied.epoch);
    gauge('gateway_stale_challenges_known', 'Challenges and verifiers of blue.', () => staleChallenges.count);
    const [kept, keptBytes] = [() => refreshRetries?.keptCount ?? 0, () => refreshRetries?.keptBytes ?? 0];
    gauge('gateway_refresh_answers_kept', 'Answers to refreshes that are there for a retry.', kept);
    gauge('gateway_refresh_answers_kept_bytes', 'Bytes that they occupy.', keptBytes);
    new Gauge({
      name: 'gateway_mode',
      help: '1 for the mode that is on.',
      labelNames: ['mode'],
      registers,
      collect() {
        for (const mode of MODES) this.set({ mode }, controller.mode === mode ? 1 : 0);
      },
    });
    new Gauge({
      name: 'gateway_side_ready',
      help: 'Whether /health/ready of the side last answered 200.',
      labelNames: ['side'],
      registers,
      collect() {
        for (const side of SIDES) this.set({ side }, isReady(side) ? 1 : 0);
      },
    });
    const { calls } = this;
    new Counter({
      name: 'gateway_calls_total',
      help: 'Calls to a side by what is asked: sent; answered in full; abandoned, which the side may have done all the same.',
      labelNames: ['side', 'kind', 'state'],
      registers,
      collect() {
        this.reset();
        for (const each of COUNTED_CALLS) this.inc(each, calls.read(each.side, each.kind, each.state));
      },
    });
    this.watchProcess(gauge);
  }

  /**
   * The few process metrics an operator looks at, under their usual names. The library's own set keeps a 10 ms timer running,
   * which is felt in the latency of every request.
   */
  private watchProcess(gauge: (name: string, help: string, value: () => number) => void): void {
    const memory = () => process.memoryUsage();
    const cpuSeconds = () => (process.cpuUsage().user + process.cpuUsage().system) / 1_000_000;
    gauge('process_resident_memory_bytes', 'Resident memory.', () => memory().rss);
    gauge('nodejs_heap_size_used_bytes', 'Heap in use, garbage included.', () => memory().heapUsed);
    gauge('nodejs_external_memory_bytes', 'Buffers outside the heap.', () => memory().external);
    gauge('process_cpu_seconds_total', 'CPU time spent.', cpuSeconds);
    gauge('process_start_time_seconds', 'Start, Unix time.', () => Math.round(performance.timeOrigin) / 1_000);
    let last = performance.eventLoopUtilization();
    gauge('nodejs_eventloop_utilization', 'Share of time the event loop was busy since the last scrape.', () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
