import { type SwitchoverActionKind, type SwitchoverFacts } from '../../domain/switchover';
import { abortAttempt, openSide, type TwinAttempt } from './arbiter-twin';
import {
  atArbiter,
  atParty,
  highestEpochs,
  isAccepted,
  isKnownToBeOver,
  messagesOf,
  THOUGHTS,
  withArbiter,
} from './messages';
import { type ModelRules } from './rules';
import { type LateMessage, type ModelRun, type Party, PARTIES, type World } from './world';

export interface Transition {
  readonly label: string;
  readonly world: World;
  /** What must never happen and did. */
  readonly violation?: string;
}

const UNDISTURBED: SwitchoverFacts = { budgetOver: false, cancelled: false };
const LIMITS = { lockAttempts: 2, roundsMax: 2 };
const GATEWAYS = '??.';
const TARGETS = '..?';
const EVERYBODY = '???';
const NOBODY = '...';
const CARRIES_TO_ITSELF = 'a run carries to a side that it holds itself';
const REVERT_ALL = { at: 'revert', calls: EVERYBODY } as const;

/** Everything that run `index` may do next, and everything that may happen to it while it does. */
export function stepsOf(rules: ModelRules, world: World, index: number): Transition[] {
  const run = world.runs[index];
  if (run === undefined) return [];
  const step = new Step(rules, world, index, run);
  return run.kind === 'switchover' ? step.switchover() : step.abandon();
}

/** What one run may do next. */
export class Step {
  constructor(
    private readonly rules: ModelRules,
    private readonly world: World,
    private readonly index: number,
    private readonly run: ModelRun,
  ) {}

  switchover(): Transition[] {
    const { run } = this;
    if (run.calls.includes('?')) return this.callParties();
    if (run.at === 'decide') return this.decide();
    if (run.at === 'prepare:choose') return [this.chooseEpoch()];
    if (run.at === 'prepare:look') return [this.lookAgain()];
    return [this.endOfCalls()];
  }

  /** What it does without asking or telling anybody, when that is all it can do. Not what it makes of a lock that another may take from it. */
  thought(): Transition | null {
    const { run, rules } = this;
    if (run.kind !== 'switchover') return null;
    if (run.calls.includes('?') || run.at.startsWith('prepare:')) return null;
    if (run.at !== 'decide') return run.at === 'applyTargets' ? null : this.endOfCalls();
    if (this.hasChoice()) return null;
    const { kind } = rules.nextAction(run.machine, UNDISTURBED);
    return THOUGHTS.has(kind) ? (this.act(UNDISTURBED)[0] ?? null) : null;
  }

  private decide(): Transition[] {
    const steps = this.act(UNDISTURBED);
    if (!this.hasChoice()) return steps;
    const cancelled = new Step(this.rules, { ...this.world, faults: this.world.faults - 1 }, this.index, this.run);
    return [...steps, ...cancelled.act({ budgetOver: true, cancelled: true })];
  }

  /** A cancel may come, or the budget of the pause be over. */
  private hasChoice(): boolean {
    const { attempt } = this.run.machine;
    return attempt !== 'committed' && attempt !== 'aborted' && this.world.faults > 0;
  }

  private act(facts: SwitchoverFacts): Transition[] {
    const { run } = this;
    const action = this.rules.nextAction(run.machine, facts);
    if (action.kind === 'finish') {
      if (action.outcome === 'unproven')
        throw new Error('nobody is asked in the model: its time for the proof has no end');
      return [this.finish(`finish ${action.outcome}`, action.outcome)];
    }
    switch (action.kind) {
      case 'revertLeftovers':
      case 'stage':
        return [this.begin(action.kind, EVERYBODY)];
      case 'revert':
        // What was begun beside a commit that was refused is taken back.
        return run.epoch === null
          ? [this.done('revert', 'ok')]
          : [this.holdingEntered(false).begin('revert', EVERYBODY)];
      case 'hold':
        return [this.begin('hold', GATEWAYS)];
      case 'applyTargets':
        return [this.begin(action.kind, EVERYBODY)];
      case 'confirmTargets':
        return [this.begin(action.kind, TARGETS)];
      case 'release':
        return [this.begin('release', notYet(run.flipped))];
      case 'prepare':
        return [this.become('prepare', { at: 'prepare:choose' })];
      case 'begin':
        return this.atArbiter('begin', 'lost', run.epoch ?? 0);
      case 'fence':
        return this.atArbiter('fence', 'lost', run.attempt ?? 0).flatMap((step) => this.withRoundBesideFence(step));
      case 'commit':
        // Beside it the other side begins to be opened, whatever becomes of it.
        return this.holdingEntered().atArbiter('commit', 'lost', run.attempt ?? 0);
      case 'claim':
        return this.claim();
      case 'lastRound':
        return [this.lastRound()];
      case 'pushChallenges':
        return [this.done('pushChallenges', 'ok')];
      case 'lookAtEntered':
        // What its session had open is rolled back first.
        return [this.holdingEntered(false).done('lookAtEntered', this.isEnteredOpen() ? 'open' : 'closed')];
      case 'lookAround':
        return [this.lookAround()];
      case 'carryAround':
        if (run.holdsEntered) return [{ ...this.done('carryAround', 'ok'), violation: CARRIES_TO_ITSELF }];
        return [new Step(this.rules, { ...this.world, isAround: false }, this.index, run).done('carryAround', 'ok')];
      case 'holdWriters':
        return [this.holdingEntered().done('holdWriters', 'ok')];
      case 'openEntered':
        return this.openEntered();
    }
  }

  private isEnteredOpen(): boolean {
    const { to } = this.world;
    return to.state === 'open' && to.epoch === this.run.epoch;
  }

  /** Reads everybody. Gateways that do not pass end the preparation. */
  private chooseEpoch(): Transition {
    const { world, run } = this;
    if (world.gateways.some(({ record, doubt, isListed }) => isListed && (doubt !== null || record.hold !== null))) {
      return this.done('prepare', 'failed');
    }
    const known = [world.from.epoch, world.to.epoch, run.latestEpoch, ...highestEpochs(world)];
    const epoch = this.rules.nextEpoch(known);
    return this.become(`choose epoch ${epoch}`, { at: 'prepare:look', epoch });
  }

  /** The second look at the arbiter, and the second reading of everybody. */
  private lookAgain(): Transition {
    const { world, run } = this;
    const isSame = this.rules.noneBegunSince(run.latestAttempt, latestOf(world)?.attempt ?? 0);
    const isAbove = highestEpochs(world).every((highest) => highest < (run.epoch ?? 0));
    return this.done('prepare', isSame && isAbove ? 'ok' : 'failed');
  }

  /**
   * Where a round was begun beside the hold, it may have carried all there is: its last question, which follows the fence in the same
   * session, says so, and then nothing more is asked before the commit.
   */
  private withRoundBesideFence(step: Transition): Transition[] {
    const { world } = step;
    const run = world.runs[this.index];
    if (run?.machine.attempt !== 'fenced') return [step];
    const runs = world.runs.map((each, index) => (index === this.index ? { ...run, isDoneBehindFence: true } : each));
    return [step, relabel({ ...step, world: { ...world, isPending: false, runs } }, 'and nothing is left to carry')];
  }

  private lastRound(): Transition {
    const { world, run } = this;
    const answered = { ...run, isDoneBehindFence: false };
    if (run.isDoneBehindFence) return new Step(this.rules, world, this.index, answered).done('lastRound', 'zero');
    if (run.holdsEntered) return { ...this.done('lastRound', 'zero'), violation: CARRIES_TO_ITSELF };
    const isFenced = world.from.attempts.some(({ state, isLeaseLive }) => state === 'fenced' && isLeaseLive);
    // Without a fence it carries what there is, and clients go on writing.
    const carried = { ...world, isPending: !isFenced && world.isPending };
    return new Step(this.rules, carried, this.index, this.run).done('lastRound', 'zero');
  }

  /** The first time what was asked right behind the commit. The other side begins to be opened beside it. */
  private lookAround(): Transition {
    const look = this.run.lookBehindCommit ?? (this.world.isAround ? 'found' : 'clean');
    const looked = new Step(this.rules, this.world, this.index, { ...this.run, lookBehindCommit: null });
    return looked.holdingEntered().done('lookAround', look);
  }

  /** One call of the arbiter of the side that is left, with everything that may become of a message. */
  private atArbiter(verb: 'begin' | 'fence' | 'commit', lost: 'lost', value: number): Transition[] {
    const { world } = this;
    const steps = [this.arrivesAtArbiter(verb, value)];
    if (world.faults === 0) return steps;
    const faulty = { ...world, faults: world.faults - 1 };
    const step = new Step(this.rules, faulty, this.index, this.run);
    const happened = step.arrivesAtArbiter(verb, value);
    steps.push(relabel(step.done(verb, lost), `${verb} never arrives`));
    steps.push(relabel(step.afterLost(verb, lost, happened), `${verb} happens, its answer is lost`));
    const late = { ...faulty, late: [...world.late, this.toArbiter(verb, value)] };
    steps.push(relabel(new Step(this.rules, late, this.index, this.run).done(verb, lost), `${verb} is under way`));
    return steps;
  }

  /** The effect of `happened` on the databases, and of a lost answer on the run. */
  private afterLost(verb: SwitchoverActionKind, lost: string, happened: Transition): Transition {
    const after = { ...happened.world, runs: this.world.runs };
    // What was sent behind it may have its answer all the same.
    const { lookBehindCommit = null } = happened.world.runs[this.index] ?? {};
    const lostStep = new Step(this.rules, after, this.index, { ...this.run, lookBehindCommit }).done(verb, lost);
    return happened.violation === undefined ? lostStep : { ...lostStep, violation: happened.violation };
  }

  private toArbiter(verb: string, epoch: number): LateMessage {
    const acknowledged = this.run.acknowledged.filter((member) => member !== null).sort();
    return { to: 'arbiter', verb, epoch, ...(verb === 'fence' && acknowledged.length > 0 ? { acknowledged } : {}) };
  }

  private arrivesAtArbiter(verb: 'begin' | 'fence' | 'commit', value: number): Transition {
    const effect = atArbiter(this.rules, this.world, this.toArbiter(verb, value));
    const step = new Step(this.rules, effect.world, this.index, this.run);
    const { run, world } = this;
    const violation = !effect.committed
      ? undefined
      : run.isGivenUp
        ? 'a run commits that was given up before'
        : world.isCaptured
          ? undefined
          : 'a run commits without a capture';
    const done = step.become(verb, {
      at: 'decide',
      machine: this.rules.afterAction(run.machine, verb, effect.result, LIMITS),
      ...(effect.attempt === undefined ? {} : { attempt: effect.attempt }),
      ...(effect.committed ? { lookBehindCommit: world.isAround ? 'found' : 'clean' } : {}),
    });
    return violation === undefined ? done : { ...done, violation };
  }

  private claim(): Transition[] {
    const { world, run } = this;
    const steps = [this.claimed()];
    if (world.faults === 0) return steps;
    const faulty = new Step(this.rules, { ...world, faults: world.faults - 1 }, this.index, run);
    const happened = faulty.claimed();
    const isOver = happened.world.from !== world.from;
    return isOver ? [...steps, relabel(faulty.afterLost('claim', 'unreachable', happened), 'claim, no answer')] : steps;
  }

  /** @returns the run that owns what the claim named, and nothing else */
  private claimed(): Transition {
    const { world, run, rules } = this;
    const attempt = rules.attemptToClaim(run.attempt, latestOf(world)?.attempt ?? null, run.latestAttempt);
    const answer = attempt === null ? null : abortAttempt(world.from, attempt);
    const isKnown = answer !== null && answer.answer.outcome !== 'unknown_attempt';
    const owned = rules.ownedAfterClaim(run, {
      attempt: isKnown ? attempt : null,
      epoch: isKnown ? (answer.answer.epoch ?? null) : null,
    });
    const result = isKnown && answer.answer.outcome === 'committed' ? 'committed' : 'aborted';
    const after = withArbiter(world, answer?.twin ?? world.from);
    return new Step(rules, after, this.index, { ...run, ...owned }).done('claim', result);
  }

  /** Whoever comes later takes the place of one that says nothing: the server ends silent sessions. */
  private holdingEntered(holdsEntered = true): Step {
    const runs = this.world.runs.map((run) =>
      run.holdsEntered && holdsEntered ? { ...run, holdsEntered: false } : run,
    );
    return new Step(this.rules, { ...this.world, runs }, this.index, { ...this.run, holdsEntered });
  }

  private openEntered(): Transition[] {
    const { world, run } = this;
    const isSeen = world.isAround && run.machine.around !== 'accepted';
    if (!run.holdsEntered || isSeen) return [this.done('openEntered', 'lost')];
    const { twin, answer } = openSide(world.to, run.epoch);
    const without = { ...run, holdsEntered: false };
    const opened = { ...world, to: twin };
    const step = new Step(this.rules, opened, this.index, without);
    const steps = [step.done('openEntered', answer.ok ? 'ok' : 'lost')];
    if (world.faults === 0) return steps;
    const faults = world.faults - 1;
    const lost = new Step(this.rules, { ...opened, faults }, this.index, without).done('openEntered', 'lost');
    const never = new Step(this.rules, { ...world, faults }, this.index, without).done('openEntered', 'lost');
    return [
      ...steps,
      relabel(lost, 'openEntered happens, its answer is lost'),
      relabel(never, 'openEntered never happens'),
    ];
  }

  /** One message to each party that is to be called, in whatever order. */
  private callParties(): Transition[] {
    return PARTIES.flatMap((party, place) =>
      this.run.calls.charAt(place) === '?' ? this.callParty(party, place) : [],
    );
  }

  callParty(party: Party, place: number): Transition[] {
    const { world, run } = this;
    const messages = messagesOf(this.rules, world, run, party);
    const arrived = messages.reduce<{ world: World; ok: boolean }>(
      (before, message) => {
        const after = atParty(this.rules, before.world, message);
        return { world: after ?? before.world, ok: before.ok && after !== null };
      },
      { world, ok: true },
    );
    const accepted = isAccepted(this.rules, run, arrived.world, party, arrived.ok);
    const what = `${run.at} ${party}`;
    const steps = [this.called(arrived.world, place, accepted, what + (accepted ? '' : ' refuses'))];
    if (isKnownToBeOver(this.rules, world, run, place))
      steps.push(this.called(world, place, true, `${what}: its hold is over by now`));
    const last = messages.at(-1);
    if (world.faults === 0 || last === undefined) return steps;
    const faults = world.faults - 1;
    if (accepted) {
      steps.push(this.called({ ...arrived.world, faults }, place, false, `${what} happens, its answer is lost`));
    }
    steps.push(this.called({ ...world, faults }, place, false, `${what} never arrives`));
    steps.push(this.called({ ...world, faults, late: [...world.late, last] }, place, false, `${what} is under way`));
    return steps;
  }

  private called(world: World, place: number, ok: boolean, label: string): Transition {
    const { run } = this;
    const put = (text: string, mark: string) => text.slice(0, place) + mark + text.slice(place + 1);
    const isMove = run.at === 'applyTargets' && place < 2;
    const flips = !isMove && (run.at === 'release' || run.at === 'applyTargets' || run.at === 'confirmTargets');
    return new Step(this.rules, world, this.index, run).become(label, {
      calls: put(run.calls, ok ? '.' : '!'),
      flipped: ok && flips ? put(run.flipped, '*') : run.flipped,
      ...(ok && run.at === 'hold' ? { acknowledged: this.heard(place) } : {}),
    });
  }

  private heard(place: number): ModelRun['acknowledged'] {
    const lease = this.world.gateways[place]?.lease;
    const member = lease?.isMember === true ? lease.member : null;
    return this.run.acknowledged.map((before, index) => (index === place ? member : before));
  }

  /** All parties were called. */
  private endOfCalls(): Transition {
    const { run } = this;
    const kind = run.at as SwitchoverActionKind;
    const ok = !run.calls.includes('!');
    if (kind === 'applyTargets' && !run.holdsEntered) return this.done(kind, 'session_lost');
    if (kind === 'revert') return this.done(kind, ok ? 'ok' : 'left');
    return this.done(kind, ok ? 'ok' : 'failed');
  }

  abandon(): Transition[] {
    const { world, run } = this;
    if (run.calls.includes('?')) return this.callParties();
    switch (run.at) {
      case 'claim': {
        const latest = latestOf(world);
        if (latest === undefined) return [this.become('abandon: nothing to claim', { at: 'choose' })];
        const { twin, answer } = abortAttempt(world.from, latest.attempt);
        const after = new Step(this.rules, withArbiter(world, twin), this.index, run);
        if (answer.outcome === 'committed') return [after.finish('abandon: too late', 'committed')];
        return [after.become('abandon: claim', { at: 'choose' })];
      }
      case 'choose': {
        const known = [world.from.epoch, latestOf(world)?.epoch ?? 0, ...highestEpochs(world)];
        return [this.become('abandon: choose', { at: 'use up', epoch: this.rules.nextEpoch(known) })];
      }
      case 'use up': {
        const begun = this.rules.beginAttempt(world.from, run.epoch, 1);
        const after = new Step(this.rules, withArbiter(world, begun.twin), this.index, run);
        if (begun.answer.ok) return [after.usedUp(begun.answer.attempt)];
        // Its removal has begun: no epoch can be begun there any more, so none has to be used up.
        if (begun.answer.reason === 'removing') return [after.become('abandon: removed', REVERT_ALL)];
        if (begun.answer.reason === 'committed') return [after.finish('abandon: too late', 'committed')];
        return [after.become('abandon: again', { at: 'claim' })];
      }
      case 'abort': {
        const { twin } = abortAttempt(world.from, run.attempt);
        const after = new Step(this.rules, withArbiter(world, twin), this.index, run);
        return [after.become('abandon: abort', REVERT_ALL)];
      }
      default:
        // It is repeated until everybody has confirmed.
        if (run.calls.includes('!')) return [this.become('abandon: again', { calls: again(run.calls) })];
        return [this.afterAbandon()];
    }
  }

  /** Every run that began before, and no attempt of its own is alive, is refused from now on. */
  private usedUp(attempt: number): Transition {
    const runs = this.world.runs.map((run, index) => (index === this.index ? run : { ...run, isGivenUp: true }));
    const step = new Step(this.rules, { ...this.world, runs }, this.index, this.run);
    return step.become('abandon: begin', { at: 'abort', attempt });
  }

  /** Who only gives up is done; who undoes the whole cutover takes the right to begin away, and then the capture. */
  private afterAbandon(): Transition {
    const { world, run } = this;
    if (run.kind === 'abandon') return this.finish('abandon: aborted', 'given up');
    if (run.at !== 'remove') return this.become('undo: next the capture', { at: 'remove', calls: NOBODY });
    if (!world.isCaptured) return this.finish('undo: done', 'given up');
    const { twin, answer } = this.rules.beginRemoval(world.from);
    const after = new Step(this.rules, withArbiter(world, twin), this.index, run);
    if (!answer.ok && answer.reason === 'committed') return after.finish('undo: too late', 'committed');
    if (!answer.ok) return after.become('undo: again', { at: 'claim' });
    const removed = new Step(this.rules, { ...after.world, isCaptured: false }, this.index, run);
    return removed.become('undo: the capture goes', {});
  }

  private begin(kind: SwitchoverActionKind, calls: string): Transition {
    return this.become(kind, { at: kind, calls });
  }

  private done(kind: SwitchoverActionKind, result: string): Transition {
    const { run } = this;
    const after = this.rules.afterAction as (...args: unknown[]) => ModelRun['machine'];
    const machine = after(run.machine, kind, result, LIMITS);
    return this.become(`${kind}: ${result}`, { at: 'decide', calls: NOBODY, machine });
  }

  private become(label: string, changes: Partial<ModelRun>): Transition {
    const calls = this.amongListed(changes.calls ?? this.run.calls);
    const after = { ...this.run, ...changes, calls };
    const runs = this.world.runs.map((run, index) => (index === this.index ? after : run));
    return { label: `run ${this.index}: ${label}`, world: { ...this.world, runs } };
  }

  private amongListed(calls: string): string {
    const isListed = (place: number) => this.world.gateways[place]?.isListed !== false;
    return [...calls].map((mark, place) => (isListed(place) ? mark : '.')).join('');
  }

  private finish(label: string, outcome: 'committed' | 'aborted' | 'given up'): Transition {
    const others = this.world.runs.filter((_, index) => index !== this.index);
    const world = { ...this.world, runs: others };
    const lies =
      outcome === 'committed'
        ? !isCommittedEverywhere(world)
        : outcome === 'aborted' && isMineCommitted(world, this.run);
    const violation = lies ? `a run ends as ${outcome} and is not` : undefined;
    const done = { label: `run ${this.index}: ${label}`, world };
    // Giving up may find that it is too late long before the other run has flipped anything.
    return violation === undefined || this.run.kind !== 'switchover' ? done : { ...done, violation };
  }
}

function isCommittedEverywhere({ from, to }: World): boolean {
  return from.state === 'committed' && to.state === 'open';
}

function isMineCommitted({ from }: World, run: ModelRun): boolean {
  return (
    run.attempt !== null && from.attempts.some(({ attempt, state }) => attempt === run.attempt && state === 'committed')
  );
}

const relabel = (transition: Transition, what: string): Transition => ({
  ...transition,
  label: `${transition.label} (${what})`,
});

const again = (calls: string) => calls.replaceAll('!', '?');

const notYet = (flipped: string) => [...flipped].map((mark, place) => (place < 2 && mark === '.' ? '?' : '.')).join('');

function latestOf(world: World): TwinAttempt | undefined {
  return world.from.attempts.at(-1);
}
