import { initialTargetRecord } from '../../../domain/target';
import { type Clock } from '../../../gateway/core/clock';
import { type DoubtAnswer, type DoubtQuestion } from '../../../gateway/core/doubt';
import { GatewayController } from '../../../gateway/core/gateway-controller';
import { type RequestKind } from '../../../gateway/core/hold-queue';
import { type GatewayRecord } from '../../../gateway/core/gateway-record';
import { allOf } from '../../../gateway/core/gateway-state';
import {
  beginAttempt,
  commitAttempt,
  endLeases,
  fence,
  newArbiterTwin,
  openSide,
  outcome,
  prepares,
} from '../../model/arbiter-twin';
import {
  ask,
  command,
  deadlineOver,
  forwardsTo,
  newGateway,
  readsAt,
  restarted,
  settle,
} from '../../model/gateway-twin';
import { RandomNumbers } from '../../model/random-numbers';
import { BACKWARD_RULES, type ModelRules, PRODUCTION_RULES } from '../../model/rules';
import { type ModelGateway, type World } from '../../model/world';

const SEQUENCES = 300;
const EVENTS = 25;
const DEADLINE_MS = 1_000;
const RETRY_MS = 7;

/** Timers that go off when the test says so. */
class HandClock implements Clock {
  private timers: { readonly delayMs: number; readonly run: () => void }[] = [];

  now(): number {
    return 0;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  soon(run: () => void): void {
    run();
  }

  /** @returns whether there was one */
  fire(delayMs: number): boolean {
    const timer = this.timers.find((each) => each.delayMs === delayMs);
    if (timer === undefined) return false;
    this.timers = this.timers.filter((other) => other !== timer);
    timer.run();
    return true;
  }
}

/** The controller of production and the gateway of the model, in the same world, given the same events. */
class Pair {
  world: World;
  private controller: GatewayController;
  private clock = new HandClock();
  private question: { readonly asked: DoubtQuestion; readonly answer: (answer: DoubtAnswer) => void } | null = null;
  private told: DoubtAnswer | null = null;

  constructor(private readonly rules: ModelRules) {
    const { from, to } = rules.direction;
    this.world = {
      from: newArbiterTwin(from, 'open'),
      to: newArbiterTwin(to, 'closed'),
      isPending: true,
      isAround: false,
      isCaptured: true,
      gateways: [newGateway(rules), newGateway(rules)],
      target: initialTargetRecord<string>(from),
      runs: [],
      late: [],
      faults: 0,
      starts: 0,
      abandons: 0,
    };
    this.controller = this.start(this.gateway.record);
  }

  get gateway(): ModelGateway {
    return this.world.gateways[0];
  }

  private become(gateway: ModelGateway): void {
    this.world = { ...this.world, gateways: [gateway, this.world.gateways[1]] };
  }

  private start(record: GatewayRecord): GatewayController {
    this.clock = new HandClock();
    this.question = null;
    this.told = null;
    return new GatewayController(record, {
      direction: this.rules.direction,
      persist: async () => undefined,
      clock: this.clock,
      resolveDoubt: (asked) =>
        new Promise((answer) => {
          this.question = { asked, answer };
          // An answer to a question of an earlier doubt is none to this one.
          this.told = null;
        }),
      findAttempt: async (epoch) => prepares(this.world.from, epoch),
      confirmCommitted: async (epoch) => outcome(this.world.to).serves === epoch,
      settings: {
        maxDeadlineMs: DEADLINE_MS,
        drainTimeoutMs: 1,
        doubtRetryMs: RETRY_MS,
        doubtTimeoutMs: 9_999,
        askOnStart: true,
        maxParked: 1,
        maxParkedBytes: 1,
        maxParkedMs: 1,
        releaseAtOnce: 1,
      },
      onEvent: () => undefined,
    });
  }

  /** @returns what happened, for whoever reads a failure */
  async event(random: RandomNumbers): Promise<string> {
    const label = await this.happen(random);
    await this.answerQuestions();
    return label;
  }

  private async happen(random: RandomNumbers): Promise<string> {
    const known = Math.max(this.world.from.epoch, ...this.world.from.attempts.map(({ epoch }) => epoch), 0);
    const epoch = Math.max(1, random.pick([known, known, known, known + 1, known - 1]));
    const verb = random.pick([
      ...([
        'stage',
        'stage',
        'hold',
        'hold',
        'reads',
        'reads',
        'apply',
        'revert',
        'tell',
        'deadline',
        'answer',
        'answer',
        'retry',
      ] as const),
      ...(['restart', 'lose state', 'begin', 'begin', 'lease', 'commit', 'open'] as const),
    ] as unknown as readonly [string, ...string[]]);
    switch (verb) {
      case 'restart':
        this.become(restarted(this.rules, this.gateway));
        this.controller = this.start(this.gateway.record);
        break;
      case 'lose state':
        this.become(newGateway(this.rules));
        this.controller = this.start(this.gateway.record);
        break;
      case 'deadline':
        if (this.clock.fire(DEADLINE_MS)) this.become(deadlineOver(this.rules, this.gateway));
        break;
      case 'answer':
        if (this.question !== null && this.told !== null) {
          this.question.answer(this.told);
          [this.question, this.told] = [null, null];
          this.become(settle(this.rules, this.gateway) ?? this.gateway);
        }
        break;
      case 'retry':
        this.clock.fire(RETRY_MS);
        break;
      case 'begin':
      case 'lease':
      case 'commit':
      case 'open':
        this.world = databases(this.world, verb, epoch);
        break;
      default:
        await this.command(verb, epoch);
    }
    return `${verb} ${epoch}`;
  }

  private async command(verb: string, epoch: number): Promise<void> {
    const after = command(this.rules, this.world, this.gateway, { verb, epoch });
    this.become(after ?? this.gateway);
    const ok = await this.send(verb, epoch);
    expect([verb, epoch, ok]).toEqual([verb, epoch, after !== null]);
  }

  private async send(verb: string, epoch: number): Promise<boolean> {
    switch (verb) {
      case 'stage':
        return (await this.controller.stage(epoch, allOf(this.rules.direction.to))).ok;
      case 'reads':
        return (await this.controller.moveReads(epoch)).kind === 'moved';
      case 'apply':
        return (await this.controller.apply(epoch)).ok;
      case 'revert':
        return (await this.controller.revert(epoch)).ok;
      case 'tell':
        return (await this.controller.tellCommitted(epoch, allOf(this.rules.direction.to))).ok;
      default:
        return (await this.controller.hold(epoch, DEADLINE_MS, 'writes')).kind === 'holding';
    }
  }

  /** The controller asks by itself; the model is asked in the same moment. */
  async answerQuestions(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.question === null || this.told !== null) return;
    const { asked } = this.question;
    const { target } = this.gateway.record;
    expect(asked).toMatchObject({
      epoch: this.rules.undecidedEpoch(this.gateway.record),
      appliedEpoch: target.applied.epoch,
    });
    const answered = ask(this.rules, this.world, this.gateway);
    if (answered === null) {
      this.question.answer({ verdict: 'unknown' });
      this.question = null;
      await new Promise((resolve) => setImmediate(resolve));
      return;
    }
    this.world = answered.world;
    this.become(answered.gateway);
    const answer = answered.gateway.doubt?.answered?.answer;
    if (answer === undefined) throw new Error('the model has an answer and does not keep it');
    this.told = answer.verdict === 'committed' ? { ...answer, side: this.rules.direction.to } : answer;
  }

  compare(history: readonly string[]): void {
    const admit = (kind: RequestKind) => {
      const side = this.controller.admit(kind);
      if (side !== null) this.controller.finished(kind);
      return side;
    };
    const real = {
      side: admit('write'),
      reads: admit('read'),
      record: this.controller.read(),
      mode: this.controller.mode,
    };
    const { record, doubt } = this.gateway;
    const mode = doubt !== null ? 'in_doubt' : record.hold === null ? 'pass' : 'hold';
    const reads = readsAt(this.rules, this.gateway);
    expect({ history, ...real }).toEqual({
      history,
      side: forwardsTo(this.rules, this.gateway),
      reads,
      record: record.target,
      mode,
    });
  }
}

/** What orchestrators do at the databases meanwhile. */
function databases(world: World, verb: 'begin' | 'lease' | 'commit' | 'open', epoch: number): World {
  const { from, to } = world;
  const committed = outcome(from).committed;
  switch (verb) {
    case 'begin':
      return { ...world, from: beginAttempt(from, epoch, 1).twin };
    case 'lease':
      return { ...world, from: endLeases(from) };
    case 'commit': {
      const attempt = from.attempts.length;
      return { ...world, from: commitAttempt(fence(from, attempt).twin, attempt).twin };
    }
    case 'open':
      return committed === null ? world : { ...world, to: openSide(to, committed).twin };
  }
}

it.each([
  ['forward', PRODUCTION_RULES],
  ['backward', BACKWARD_RULES],
])(
  'is what the controller of production is, whatever it is told and asked in whatever order: %s',
  async (_name, rules) => {
    const { from, to } = rules.direction;
    const random = new RandomNumbers(7);
    const seen = new Set<string>();
    for (let sequence = 0; sequence < SEQUENCES; sequence += 1) {
      const pair = new Pair(rules);
      const history: string[] = [];
      await pair.answerQuestions();
      for (let event = 0; event < EVENTS; event += 1) {
        history.push(await pair.event(random));
        pair.compare(history);
        const { record, doubt } = pair.gateway;
        const writes = forwardsTo(rules, pair.gateway) ?? (doubt === null ? 'hold' : 'doubt');
        seen.add(`${writes}${record.hold === null ? '' : ' held'}, reads ${readsAt(rules, pair.gateway)}`);
      }
    }
    const expected = [
      `${from}, reads ${from}`,
      `doubt held, reads ${to}`,
      'doubt held, reads null',
      'doubt, reads null',
      `${to}, reads ${to}`,
      `hold held, reads ${from}`,
      `hold held, reads ${to}`,
    ];
    expect([...seen].sort()).toEqual(expected.sort());
  },
);
