import { type AnswerQuestion } from '../../hydra/validation/compare-answers';
import { differencesOf, type ExpectedDifference } from '../../hydra/paths/differences';
import { type ShadowFinding, type ShadowOrder, type ShadowView } from '../../domain/shadow';
import { type Clock } from './clock';
import { type ListenerName } from './feature';
import { type Side } from './gateway-state';
import { differingFields, shadowQuestion, type ShadowAnswer, type ShadowRequest } from './shadow-question';

export interface ShadowDeps {
  readonly clock: Clock;
  /** ISO 8601. */
  readonly stamp: () => string;
  /** Short, one way. */
  readonly hash: (text: string) => string;
  /** @returns undefined when there is no whole answer */
  readonly ask: (side: Side, request: ShadowRequest) => Promise<ShadowAnswer | undefined>;
}

const SECOND_MS = 1_000;
const IN_FLIGHT_MAX = 16;
const WAITING_MAX = 200;
const FINDINGS_MAX = 100;
const LATENCIES_MAX = 500;
/** The first of two orders may end a round that had begun before the answers; the second ends one that saw what they saw. */
const ORDERS_TO_CATCH_UP = 2;
/** A client changes things while both are asked: what is wrong is different each time. */
const LOOKS = 2;

interface Waiting {
  readonly question: AnswerQuestion;
  readonly request: ShadowRequest;
  orders: number;
  looks: number;
}

/**
 * Asks closed green what clients ask of blue, after they have their answer, and compares what the two say.
 *
 * What differs is asked again of both once green has caught up; what stays different is a finding. Requests are kept in memory until
 * then, and nowhere else: of a finding there is a hash of what was asked about, and names of fields.
 */
export class Shadow {
  private current: { readonly order: ShadowOrder; readonly since: number; until: number } | undefined;
  /** Of the way that the order names. */
  private expected: readonly ExpectedDifference[] = [];
  private orders = 0;
  private credit = 0;
  private window = { at: 0, count: 0 };
  private inFlight = 0;
  private waiting: Waiting[] = [];
  /** Asked again at this moment. */
  private looking = 0;
  private readonly findings = new Map<string, ShadowFinding>();
  private counts = { compared: 0, caughtUp: 0, leftOut: 0, unanswered: 0, furtherFindings: 0 };
  private readonly latencies = { blue: [] as number[], green: [] as number[], greenAtFirst: [] as number[] };

  constructor(private readonly deps: ShadowDeps) {}

  /** A round of the sync has ended, and the next order comes within the lease. */
  order(order: ShadowOrder): void {
    const now = this.deps.clock.now();
    if (this.current?.order.cutoverId !== order.cutoverId) this.forget();
    this.current = { order, since: this.current?.since ?? now, until: now + order.leaseMs };
    this.expected = differencesOf(order.hydraVersion);
    this.orders += 1;
    this.lookAgain();
  }

  /** @returns what is asked, when green is to be asked too once blue has answered */
  wants(listener: ListenerName, method: string, target: string): AnswerQuestion | undefined {
    const share = this.share;
    if (share === 0) return undefined;
    const question = shadowQuestion(listener, method, target);
    if (question === undefined) return undefined;
    this.credit += share;
    if (this.credit < 1) return undefined;
    this.credit -= 1;
    if (this.inFlight < IN_FLIGHT_MAX && this.isWithinLimit()) return question;
    this.counts.leftOut += 1;
    return undefined;
  }

  /** Blue has answered. @param blueMs how long it took */
  answered(question: AnswerQuestion, request: ShadowRequest, blue: ShadowAnswer, blueMs: number): void {
    keepLatest(this.latencies.blue, blueMs);
    void this.track(async () => {
      const startedAt = this.deps.clock.now();
      const green = await this.deps.ask('green', request);
      this.tookGreen(this.deps.clock.now() - startedAt);
      const fields = green && differingFields(this.expected, question, blue, green);
      if (fields === undefined) {
        this.counts.unanswered += 1;
      } else if (fields.length > 0 && this.waiting.length >= WAITING_MAX) {
        // What cannot be asked again is no finding, and must not pass for the same answer.
        this.counts.leftOut += 1;
      } else {
        this.counts.compared += 1;
        if (fields.length > 0) this.waiting.push({ question, request, orders: this.orders, looks: 0 });
      }
    });
  }

  view(): ShadowView {
    const { blue, green, greenAtFirst } = this.latencies;
    return {
      cutoverId: this.current?.order.cutoverId ?? null,
      share: this.share,
      ...this.counts,
      waiting: this.waiting.length + this.looking,
      findings: [...this.findings.values()],
      p95Ms: { blue: p95(blue), green: p95(green), greenAtFirst: p95(greenAtFirst) },
    };
  }

  private get share(): number {
    if (this.current === undefined) return 0;
    const { order, since, until } = this.current;
    const now = this.deps.clock.now();
    if (now > until || order.requestsPerSecondMax === 0) return 0;
    return order.rampMs === 0 ? 1 : Math.min(1, (now - since) / order.rampMs);
  }

  private isWithinLimit(): boolean {
    const at = Math.floor(this.deps.clock.now() / SECOND_MS);
    if (this.window.at !== at) this.window = { at, count: 0 };
    if (this.window.count >= (this.current?.order.requestsPerSecondMax ?? 0)) return false;
    this.window.count += 1;
    return true;
  }

  private lookAgain(): void {
    const due = this.waiting.filter(({ orders }) => this.orders - orders >= ORDERS_TO_CATCH_UP);
    for (const item of due.slice(0, IN_FLIGHT_MAX)) {
      this.waiting = this.waiting.filter((each) => each !== item);
      this.looking += 1;
      void this.track(() => this.look(item).finally(() => (this.looking -= 1)));
    }
  }

  private async look(item: Waiting): Promise<void> {
    const { question, request } = item;
    // Blue first: what is carried in between can only make them more alike.
    const blue = await this.deps.ask('blue', request);
    const green = blue && (await this.deps.ask('green', request));
    const fields = blue && green && differingFields(this.expected, question, blue, green);
    if (fields === undefined) {
      this.counts.unanswered += 1;
    } else if (fields.length === 0) {
      this.counts.caughtUp += 1;
    } else {
      item.looks += 1;
      item.orders = this.orders;
      if (item.looks < LOOKS) this.waiting.push(item);
      else this.find(item, fields);
    }
  }

  private find({ question, request }: Waiting, fields: readonly string[]): void {
    const keyHash = this.deps.hash(keyOf(question, request));
    const key = `${question} ${keyHash} ${fields.join()}`;
    const now = this.deps.stamp();
    const known = this.findings.get(key);
    if (known !== undefined) this.findings.set(key, { ...known, lastAt: now, count: known.count + 1 });
    else if (this.findings.size >= FINDINGS_MAX) this.counts.furtherFindings += 1;
    else this.findings.set(key, { question, fields, keyHash, firstAt: now, lastAt: now, count: 1 });
  }

  private async track(work: () => Promise<void>): Promise<void> {
    this.inFlight += 1;
    try {
      await work();
    } catch {
      this.counts.unanswered += 1;
    } finally {
      this.inFlight -= 1;
    }
  }

  private tookGreen(ms: number): void {
    const { green, greenAtFirst } = this.latencies;
    if (greenAtFirst.length < LATENCIES_MAX / 5) greenAtFirst.push(ms);
    keepLatest(green, ms);
  }

  private forget(): void {
    this.current = undefined;
    this.waiting = [];
    this.findings.clear();
    this.credit = 0;
    this.counts = { compared: 0, caughtUp: 0, leftOut: 0, unanswered: 0, furtherFindings: 0 };
    for (const list of Object.values(this.latencies)) list.length = 0;
  }
}

/** What a question is about: a token, a subject, a client. */
function keyOf(question: AnswerQuestion, { target, headers, body }: ShadowRequest): string {
  if (question === 'introspection') return new URLSearchParams(new TextDecoder().decode(body)).get('token') ?? '';
  if (question !== 'userinfo') return target.replace(/^\/admin/, '');
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization');
  return at < 0 ? target : (headers[at + 1] ?? '');
}

function keepLatest(list: number[], value: number): void {
  list.push(value);
  if (list.length > LATENCIES_MAX) list.shift();
}

const P95 = 0.95;

function p95(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * P95))] ?? 0) * 10) / 10;
}
