import { knownEpoch } from '../../gateway/core/membership';
import { type ArbiterTwin, endLeaseOf, forgetMember } from './arbiter-twin';
import { isLapsed, knownBy, lapsed } from './gateway-twin';
import { type Transition } from './orchestrator';
import { type ModelRules } from './rules';
import { type ModelGateway, type ModelLease, withGateway, type World } from './world';

/** What a gateway's lease may do next, as `gateway/core/membership.ts` does it. Nothing where gateways are no members. */
export function memberSteps(rules: ModelRules, world: World): Transition[] {
  return [
    ...world.gateways.flatMap((gateway, place) =>
      gateway.lease === null ? [] : leaseSteps(rules, world, { gateway, lease: gateway.lease, place }),
    ),
    ...arbiterSteps(world),
  ];
}

interface Holder {
  readonly gateway: ModelGateway;
  readonly lease: ModelLease;
  readonly place: number;
}

function leaseSteps(rules: ModelRules, world: World, { gateway, lease, place }: Holder): Transition[] {
  const steps: Transition[] = [];
  const put = (what: string, after: ModelGateway, from = world) =>
    steps.push({ label: `gateway ${place} ${what}`, world: withGateway(from, place, after) });
  const become = (what: string, changes: Partial<ModelLease>, from = world) =>
    put(what, { ...gateway, lease: { ...lease, ...changes } }, from);
  const known = knownBy(rules, gateway);
  const { beat } = lease;
  if (beat === null) {
    const sent = { isFresh: true, known: knownEpoch(lease.living, known), moved: known.moved, answer: null };
    become('sends a beat', { beat: sent });
  } else if (beat.answer === null) {
    const { twin, answer } = rules.beatMember(world.from, lease.member, beat.known, beat.moved);
    become('beats', { beat: { ...beat, answer } }, { ...world, from: twin });
    if (world.faults > 0) become('has beaten in vain', { beat: null }, { ...world, faults: world.faults - 1 });
  } else {
    put('is told what its beat did', told(rules, gateway, lease));
    if (world.faults > 0) become('is never told', { beat: null }, { ...world, faults: world.faults - 1 });
  }
  // Its clock counts from before a beat was sent, so that an earlier lease is over first.
  if (lease.isValid) become('has a lease that is over by its own clock', { isValid: false });
  else if (beat?.isFresh === true) become('waits too long for a beat', { beat: { ...beat, isFresh: false } });
  // Requests ask the clock themselves; its timer may be late, when the whole process stood still.
  if (gateway.doubt === null && isLapsed(rules, gateway)) put('stops', lapsed(rules, gateway));
  return steps;
}

/** The answer to a beat arrives, early or late. */
function told(rules: ModelRules, gateway: ModelGateway, lease: ModelLease): ModelGateway {
  const { beat } = lease;
  if (beat?.answer == null) return gateway;
  const { admitted, living, committed } = beat.answer;
  const renewed = admitted ? { isMember: true, isValid: beat.isFresh } : {};
  const after: ModelGateway = { ...gateway, lease: { ...lease, ...renewed, living, isCounted: admitted, beat: null } };
  const { undecided } = knownBy(rules, after);
  const stopped = !admitted && living !== null && undecided === 0 ? lapsed(rules, after) : after;
  return committed === null ? stopped : rules.learnCommitted(rules, stopped, committed);
}

/** As the controller does when the arbiter says what is committed. */
export function learnCommitted(rules: ModelRules, gateway: ModelGateway, epoch: number): ModelGateway {
  const { hold, target } = gateway.record;
  if (hold?.epoch === epoch) {
    const moved = rules.moveReads(gateway.record, epoch);
    return moved.ok ? { ...gateway, record: moved.record } : gateway;
  }
  return target.applied.epoch < epoch ? lapsed(rules, gateway) : gateway;
}

/** Leases end at the arbiter too, later than by the clocks of those that hold them; and a person forgets who is gone for good. */
function arbiterSteps(world: World): Transition[] {
  const { from, gateways } = world;
  return from.members.flatMap(({ member, isLeaseLive }): Transition[] => {
    const holder = gateways.find(({ lease }) => lease?.member === member)?.lease ?? null;
    const at = (label: string, twin: ArbiterTwin) => [{ label: `${label} ${member}`, world: { ...world, from: twin } }];
    if (isLeaseLive)
      return isValidSomewhere(holder) ? [] : at('at the arbiter ends the lease of', endLeaseOf(from, member));
    return holder === null ? at('somebody forgets', forgetMember(from, member).twin) : [];
  });
}

function isValidSomewhere(lease: ModelLease | null): boolean {
  if (lease === null) return false;
  return lease.isValid || (lease.beat?.isFresh === true && lease.beat.answer?.admitted === true);
}
