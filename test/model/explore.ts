import { type SideName } from '../../domain/sides';
import { initialTargetRecord } from '../../domain/target';
import { acceptsWrites, beatMember, endLeases, newArbiterTwin } from './arbiter-twin';
import {
  ask,
  deadlineOver,
  forwardsTo,
  newGateway,
  newLease,
  readsAt,
  restarted,
  servingGateway,
  settle,
} from './gateway-twin';
import { memberSteps } from './member-twin';
import { atArbiter, atParty } from './messages';
import { newRun } from './new-run';
import { stepsOf, type Transition } from './orchestrator';
import { withOwnSteps } from './own-steps';
import { normalForm } from './normal-form';
import { type ModelRules } from './rules';
import { type ModelGateway, type ModelLease, withGateway, type World, WorldCodec } from './world';

export interface ModelLimits {
  /** So many things may go wrong in one history: a crash, a lost, late or repeated message, a run beside another, a cancel, an early deadline. */
  readonly faults: number;
  /** So many runs of the step may be started while nothing is committed. */
  readonly starts: number;
  /** So many of them, and of those that give up, may live at a time. */
  readonly living: number;
  /** So often somebody may give the switchover up beside all of that. */
  readonly abandons: number;
  /** Whoever gives up takes away the capture, too. */
  readonly undo?: boolean;
  /** A run that starts beside one that lives is nothing that goes wrong. */
  readonly freeStarts?: boolean;
  /**
   * The second gateway is a member of the arbiter: one that runs know of (`listed`) or not (`unlisted`), or one that they do not know of
   * and that starts some time (`new`). Runs do not look at who is a member before they begin: the fence alone has to be enough.
   */
  readonly members?: 'listed' | 'unlisted' | 'new';
  /** Nothing is left out: every state between two messages, and what nobody reads any more. For the test of the reduction. */
  readonly isUnreduced?: boolean;
  /** How many kinds of violation are enough. @default 5 */
  readonly violationsMax?: number;
  readonly statesMax: number;
}

export interface ModelReport {
  readonly states: number;
  readonly transitions: number;
  readonly durationMs: number;
  /** Every state that can be reached was visited. */
  readonly isExhausted: boolean;
  /** The first of each kind, with the history that leads to it. */
  readonly violations: readonly Violation[];
}

export interface Violation {
  readonly what: string;
  readonly history: readonly string[];
}

const MEMBER = 'a';

/**
 * Visits every state that is within the limits, breadth-first, so that each history is among the shortest.
 *
 * @param look is shown each of them
 */
export function exploreSwitchover(rules: ModelRules, limits: ModelLimits, look?: (world: World) => void): ModelReport {
  const startedAt = performance.now();
  const codec = new WorldCodec();
  const ids = new Map<string, number>();
  const keys: string[] = [];
  const parents: number[] = [];
  const from: number[] = [];
  const to: number[] = [];
  const ends: number[] = [];
  const found = new Map<string, number>();
  const visit = (world: World, parent: number): number => {
    const key = codec.encode(world);
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = keys.length;
    ids.set(key, id);
    keys.push(key);
    parents.push(parent);
    return id;
  };
  visit(beginning(rules, limits), -1);
  let next = 0;
  for (; next < keys.length && keys.length <= limits.statesMax && found.size < (limits.violationsMax ?? 5); next += 1) {
    const world = codec.decode(keys[next] ?? '');
    look?.(world);
    const problem = broken(rules, world);
    if (problem !== undefined && !found.has(problem)) found.set(problem, next);
    if (problem !== undefined) continue;
    if (isEnd(rules, world)) ends.push(next);
    for (const { world: after, violation } of successors(rules, limits, world)) {
      const id = visit(after, next);
      from.push(next);
      to.push(id);
      if (violation !== undefined && !found.has(violation)) found.set(violation, id);
    }
  }
  const isExhausted = next === keys.length;
  if (isExhausted && found.size === 0) {
    const stuck = firstWithoutEnd(keys.length, from, to, ends);
    if (stuck !== undefined) found.set('no end can be reached', stuck);
  }
  const violations = [...found].map(([what, id]) => ({
    what,
    history: historyOf(rules, limits, codec, keys, parents, id),
  }));
  return {
    states: keys.length,
    transitions: from.length,
    durationMs: Math.round(performance.now() - startedAt),
    isExhausted,
    violations,
  };
}

function beginning(rules: ModelRules, limits: ModelLimits): World {
  const { from, to } = rules.direction;
  return {
    from: arbiterOf(limits, from),
    isPending: true,
    isAround: false,
    isCaptured: true,
    to: newArbiterTwin(to, 'closed'),
    gateways: gatewaysOf(rules, limits),
    target: initialTargetRecord<string>(from),
    runs: [],
    late: [],
    faults: limits.faults,
    starts: limits.starts,
    abandons: limits.abandons,
  };
}

/** In the middle of an ordinary day it has joined: nobody else knows of one that nobody listed. */
function arbiterOf({ members }: ModelLimits, side: SideName): World['from'] {
  const arbiter = newArbiterTwin(side, 'open');
  if (members === undefined || members === 'new') return arbiter;
  return beatMember(arbiter, MEMBER, 0, 0).twin;
}

function gatewaysOf(rules: ModelRules, { members }: ModelLimits): World['gateways'] {
  if (members === undefined) return [servingGateway(rules), servingGateway(rules)];
  if (members === 'new') return [servingGateway(rules), newGateway(rules, newLease(MEMBER), false)];
  const lease = { ...newLease(MEMBER), isMember: true, isValid: true, isCounted: true };
  return [servingGateway(rules), servingGateway(rules, lease, members === 'listed')];
}

/** Everything that may happen next. */
function successors(rules: ModelRules, limits: ModelLimits, world: World): Transition[] {
  const steps = [
    ...world.runs.flatMap((_, index) => stepsOf(rules, world, index)),
    ...starts(rules, limits, world),
    ...mishaps(rules, world),
    ...world.gateways.flatMap((gateway, place) => gatewaySteps(rules, world, gateway, place)),
    ...lateArrivals(rules, world),
    ...memberSteps(rules, world),
  ];
  if (world.from.attempts.some(isLiving))
    steps.push({ label: 'the lease ends', world: { ...world, from: endLeases(world.from) } });
  const written = steps.map((step) => ({ ...step, world: withWriters(step.world) }));
  return limits.isUnreduced === true ? written : written.map((step) => reduced(rules, step));
}

/** The one state that stands for all those from which it is reached without a message. */
export function reduced(rules: ModelRules, transition: Transition): Transition {
  const after = withOwnSteps(rules, transition);
  return { ...after, world: normalForm(after.world) };
}

const isLiving = ({ state, isLeaseLive }: { state: string; isLeaseLive: boolean }) =>
  isLeaseLive && (state === 'holding' || state === 'fenced');

/** Clients write to the side that is left whenever it lets them. */
function withWriters(world: World): World {
  return world.isPending || !acceptsWrites(world.from) ? world : { ...world, isPending: true };
}

/** Temporal starts a step, again when it has failed, and beside one that is only silent; somebody gives up. */
function starts(rules: ModelRules, limits: ModelLimits, world: World): Transition[] {
  const isCommitted = world.from.state === 'committed';
  if (world.runs.length >= limits.living) return [];
  const isBeside = world.runs.length > 0;
  const price = isBeside && limits.freeStarts !== true ? 1 : 0;
  const steps: Transition[] = [];
  if (world.faults >= price && (world.starts > 0 || (isCommitted && !isBeside))) {
    const runs = [...world.runs, newRun(rules, world, 'switchover')];
    const left = Math.max(0, world.starts - 1);
    steps.push({ label: 'a run starts', world: { ...world, runs, faults: world.faults - price, starts: left } });
  }
  if (world.abandons > 0) {
    const runs = [...world.runs, newRun(rules, world, limits.undo === true ? 'undo' : 'abandon')];
    steps.push({ label: 'somebody gives up', world: { ...world, runs, abandons: world.abandons - 1 } });
  }
  return steps;
}

function mishaps(rules: ModelRules, world: World): Transition[] {
  if (world.faults === 0) return [];
  const faulty = { ...world, faults: world.faults - 1 };
  const steps: Transition[] = world.runs.map((_, index) => ({
    label: `run ${index} dies`,
    world: { ...faulty, runs: world.runs.filter((__, other) => other !== index) },
  }));
  if (world.from.state === 'committed' && !acceptsWrites(world.to) && !world.isAround)
    steps.push({ label: 'a write goes around the fence', world: { ...faulty, isAround: true } });
  world.gateways.forEach((gateway, place) => {
    const put = (label: string, after: ModelGateway) =>
      steps.push({ label: `gateway ${place} ${label}`, world: withGateway(faulty, place, after) });
    put('is started again', restarted(rules, gateway));
    put('is started without its state', newGateway(rules, lostItsId(gateway), gateway.isListed));
    if (gateway.record.hold !== null && gateway.doubt === null)
      put('has an early deadline', deadlineOver(rules, gateway));
  });
  return steps;
}

function lostItsId({ lease }: ModelGateway): ModelLease | null {
  return lease && newLease(`${lease.member}+`);
}

function gatewaySteps(rules: ModelRules, world: World, gateway: ModelGateway, place: number): Transition[] {
  const steps: Transition[] = [];
  const { record, doubt } = gateway;
  // The deadline is later than the lease of the attempt that it was set for.
  const lease = world.from.attempts.find(({ epoch }) => epoch === record.hold?.epoch);
  if (record.hold !== null && doubt === null && (lease === undefined || !isLiving(lease))) {
    steps.push({ label: `gateway ${place}: deadline`, world: withGateway(world, place, deadlineOver(rules, gateway)) });
  }
  const asked = ask(rules, world, gateway);
  if (asked !== null) {
    steps.push({ label: `gateway ${place} asks`, world: withGateway(asked.world, place, asked.gateway) });
  }
  const settled = settle(rules, gateway);
  if (settled !== null) {
    steps.push({ label: `gateway ${place} is answered`, world: withGateway(world, place, settled) });
  }
  return steps;
}

function lateArrivals(rules: ModelRules, world: World): Transition[] {
  return world.late.map((message, index) => {
    const rest = { ...world, late: world.late.filter((_, other) => other !== index) };
    const label = `late ${message.verb} ${message.epoch} arrives at ${message.to}`;
    if (message.to !== 'arbiter') return { label, world: atParty(rules, rest, message) ?? rest };
    return { label, world: atArbiter(rules, rest, message).world };
  });
}

/** The invariants, as sentences that name what is broken; undefined when nothing is. */
function broken(rules: ModelRules, world: World): string | undefined {
  const { from, to, gateways, target } = world;
  const { direction } = rules;
  const open = { from: acceptsWrites(from), to: acceptsWrites(to) };
  if (open.from && open.to) return 'both databases take writes';
  const committed = from.attempts.find(({ state }) => state === 'committed');
  if (open.to && committed?.epoch !== to.epoch) return 'a side is open without a commit of its epoch';
  if (open.to && world.isAround)
    return 'a side is open, and a write that went around the fence is on the other one alone';
  if (committed !== undefined && world.isPending)
    return 'a write that was confirmed is not on the side that is entered';
  const writes = gateways.map((gateway) => forwardsTo(rules, gateway));
  if (writes.includes(direction.from) && !open.from)
    return 'a gateway forwards to the side that is left, which refuses';
  if (writes.includes(direction.to) && !open.to) return 'a gateway forwards to the side that is entered, which refuses';
  // Whoever is connected may have been answered a write as soon as a side is open, and nobody may be shown what was before it.
  const reads = gateways.map((gateway) => readsAt(rules, gateway));
  if (open.to && reads.includes(direction.from))
    return 'a gateway sends a new read to the side that was left after the other one took a write';
  if (reads.includes(direction.to) && committed === undefined) return 'a gateway moves a read before the commit';
  const isTargetThere = target.applied.state === direction.to;
  if (isTargetThere && committed?.epoch !== target.applied.epoch) return 'a target is moved without a commit';
  if (committed !== undefined && !world.isCaptured) return 'a side is committed and its capture was taken away';
  if (open.to && !isTargetThere) return 'a side takes writes while a target serves the other one';
  return undefined;
}

/** Either everything is where it was to go, or everything is as it was; nobody waits for anybody. */
function isEnd(rules: ModelRules, { from, to, gateways, target, runs }: World): boolean {
  const everybodyServes = (side: SideName) =>
    target.applied.state === side && gateways.every((gateway) => forwardsTo(rules, gateway) === side);
  if (from.state === 'committed') return acceptsWrites(to) && everybodyServes(rules.direction.to);
  return (
    everybodyServes(rules.direction.from) && runs.length === 0 && acceptsWrites(from) && !from.attempts.some(isLiving)
  );
}

function firstWithoutEnd(count: number, from: readonly number[], to: readonly number[], ends: readonly number[]) {
  // Edges by where they lead, as one list: heads[state] is the first, and before[edge] the next.
  const heads = new Int32Array(count).fill(-1);
  const before = new Int32Array(from.length);
  to.forEach((state, edge) => {
    before[edge] = heads[state] ?? -1;
    heads[state] = edge;
  });
  const hasEnd = new Uint8Array(count);
  const queue = [...ends];
  for (const end of ends) hasEnd[end] = 1;
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (let edge = heads[state] ?? -1; edge !== -1; edge = before[edge] ?? -1) {
      const earlier = from[edge] ?? 0;
      if (hasEnd[earlier] === 1) continue;
      hasEnd[earlier] = 1;
      queue.push(earlier);
    }
  }
  const stuck = hasEnd.indexOf(0);
  return stuck === -1 ? undefined : stuck;
}

/** What happened, found again by taking the steps from each state to the next. */
function historyOf(
  rules: ModelRules,
  limits: ModelLimits,
  codec: WorldCodec,
  keys: readonly string[],
  parents: readonly number[],
  id: number,
): readonly string[] {
  const labels: string[] = [];
  for (let state = id; (parents[state] ?? -1) !== -1; state = parents[state] ?? -1) {
    const before = codec.decode(keys[parents[state] ?? 0] ?? '');
    const step = successors(rules, limits, before).find(({ world }) => codec.encode(world) === keys[state]);
    labels.unshift(step?.label ?? 'something');
  }
  return labels;
}
