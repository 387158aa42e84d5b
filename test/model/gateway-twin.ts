import { initialTargetRecord } from '../../domain/target';
import { type GatewayResult } from '../../gateway/core/gateway-record';
import { allOf, type GatewayState, type Side } from '../../gateway/core/gateway-state';
import { type Known } from '../../gateway/core/membership';
import { claimEpoch, outcome, prepares } from './arbiter-twin';
import { type ModelRules } from './rules';
import { type DoubtAnswer, type ModelGateway, type ModelLease, type World } from './world';

type Directed = Pick<ModelRules, 'direction'>;

/** Longer than any hold; the model tells the gateway when its deadline is over. */
const DEADLINE_MS = 1_000;

/** In the middle of an ordinary day. */
export function servingGateway(
  { direction }: Directed,
  lease: ModelLease | null = null,
  isListed = true,
): ModelGateway {
  const target = initialTargetRecord(allOf(direction.from));
  return { record: { target, hold: null }, doubt: null, looked: null, lease, isListed };
}

/** Started with nothing on its disk: it serves nothing before it has asked. */
export function newGateway(rules: Directed, lease: ModelLease | null = null, isListed = true): ModelGateway {
  return inDoubt(servingGateway(rules, lease, isListed), null);
}

/** One that is started, before its first beat. */
export function newLease(member: string): ModelLease {
  return { member, isMember: false, isValid: false, isCounted: false, living: null, beat: null };
}

/** By its own clock it is counted by no fence any more, and an attempt is under way. */
export function isLapsed(rules: ModelRules, gateway: ModelGateway): boolean {
  const { lease } = gateway;
  if (lease === null || !lease.isMember || lease.isValid) return false;
  return rules.isBound(lease.living, knownBy(rules, gateway));
}

/** What its lease is about. */
export function knownBy(rules: ModelRules, { record }: ModelGateway): Known {
  return { undecided: rules.undecidedEpoch(record) ?? 0, moved: rules.movedEpoch(record, rules.direction) };
}

/** The side that a request which comes now is sent to; null when it waits or is refused. */
export function forwardsTo(rules: ModelRules, gateway: ModelGateway): Side | null {
  const { record, doubt } = gateway;
  if (doubt !== null || record.hold !== null || isLapsed(rules, gateway)) return null;
  return servedBy(rules, record.target.applied.state.weights);
}

/** The side that a read which comes now is sent to; null when it waits or is refused. */
export function readsAt(rules: ModelRules, gateway: ModelGateway): Side | null {
  const { record, doubt } = gateway;
  const weights = rules.readsGoTo(record, doubt !== null || isLapsed(rules, gateway));
  if (weights === null) return null;
  return servedBy(rules, weights);
}

function servedBy({ direction: { from, to } }: Directed, weights: GatewayState['weights']): Side {
  return weights[to] > 0 ? to : from;
}

function inDoubt(gateway: ModelGateway, inQuestion: number | null): ModelGateway {
  return { ...gateway, doubt: { inQuestion, answered: null } };
}

/** As the constructor of the controller: its record is read from the disk, and it asks before it forwards. */
export function restarted(rules: ModelRules, gateway: ModelGateway): ModelGateway {
  const { record, lease } = gateway;
  const fresh = { ...gateway, looked: null, lease: lease && newLease(lease.member) };
  return inDoubt(fresh, rules.undecidedEpoch(record));
}

export function deadlineOver(rules: ModelRules, gateway: ModelGateway): ModelGateway {
  return gateway.doubt === null ? inDoubt(gateway, rules.undecidedEpoch(gateway.record)) : gateway;
}

/** It is counted no more, and what it was told before that nothing is committed is worth nothing. */
export function lapsed(rules: ModelRules, gateway: ModelGateway): ModelGateway {
  const { doubt } = gateway;
  if (doubt?.answered?.answer.verdict !== 'aborted') return deadlineOver(rules, gateway);
  return { ...gateway, doubt: { ...doubt, answered: null } };
}

/** @returns null when it was refused */
function change(
  rules: ModelRules,
  gateway: ModelGateway,
  result: GatewayResult,
  isCommit = false,
): ModelGateway | null {
  if (!result.ok) return null;
  const { record, doubt } = gateway;
  const ends = doubt !== null && rules.isSettled(doubt.inQuestion, { before: record, after: result.record, isCommit });
  return { ...gateway, record: result.record, doubt: ends ? null : doubt };
}

/** A command of an orchestrator. @returns null when it is refused */
export function command(
  rules: ModelRules,
  world: World,
  gateway: ModelGateway,
  { verb, epoch }: { readonly verb: string; readonly epoch: number },
): ModelGateway | null {
  const { record } = gateway;
  switch (verb) {
    case 'stage': {
      const staged = change(rules, gateway, rules.stageGateway(record, epoch, allOf(rules.direction.to)));
      return staged === null ? null : look(world, staged, epoch);
    }
    case 'hold':
      return hold(rules, world, gateway, epoch);
    case 'reads':
      return moveReads(rules, gateway, epoch);
    case 'apply':
      return change(rules, gateway, rules.applyGateway(record, epoch));
    case 'revert':
      return change(rules, gateway, rules.revertGateway(record, epoch));
    case 'tell': {
      if (outcome(world.to).serves !== epoch) return null;
      return change(rules, gateway, rules.commitGateway(record, epoch, allOf(rules.direction.to)), true);
    }
    default:
      throw new Error(`a gateway has no verb ${verb}`);
  }
}

/** Whether exactly this epoch is prepared where this gateway asks; not asked again once it was seen. */
function look(world: World, gateway: ModelGateway, epoch: number): ModelGateway {
  const { looked } = gateway;
  if (looked?.epoch === epoch && looked.isPrepared) return gateway;
  return { ...gateway, looked: { epoch, isPrepared: prepares(world.from, epoch) } };
}

function hold(rules: ModelRules, world: World, before: ModelGateway, epoch: number): ModelGateway | null {
  const { target, hold: held } = before.record;
  const gateway = target.staged?.epoch === epoch && held === null ? look(world, before, epoch) : before;
  if (gateway.doubt !== null) return null;
  const result = rules.holdGateway(gateway.record, epoch, DEADLINE_MS, 'writes');
  const { looked } = gateway;
  if (result.ok && result.changed && looked?.epoch === epoch && !looked.isPrepared) return null;
  return change(rules, gateway, result);
}

/** One that sends no reads anywhere has nothing to move. */
function moveReads(rules: ModelRules, gateway: ModelGateway, epoch: number): ModelGateway | null {
  const result = rules.moveReads(gateway.record, epoch);
  if (result.ok) return { ...gateway, record: result.record };
  if (gateway.doubt === null && rules.isNewsOf(gateway.record, epoch)) return deadlineOver(rules, gateway);
  return readsAt(rules, gateway) === null ? gateway : null;
}

/**
 * Asks the arbiters, as the resolver over PostgreSQL does.
 * @returns the world after the question, which may have claimed; null while nobody knows
 */
export function ask(
  rules: ModelRules,
  world: World,
  gateway: ModelGateway,
): { world: World; gateway: ModelGateway } | null {
  const { record, doubt, lease } = gateway;
  if (doubt === null || doubt.answered !== null) return null;
  const epoch = rules.undecidedEpoch(record);
  const appliedEpoch = record.target.applied.epoch;
  if (epoch === null) {
    const { committed, living } = outcome(world.from);
    if (living !== null) return null;
    const isOver = committed !== null && committed > appliedEpoch;
    // What it forwards after "aborted" has to be known to every fence.
    if (!isOver && lease !== null && !lease.isCounted) return null;
    return answered(world, gateway, isOver ? newestCommit(world, committed) : { verdict: 'aborted' }, epoch);
  }
  const { twin, answer } = claimEpoch(world.from, epoch, appliedEpoch);
  const after = { ...world, from: twin };
  if (answer === 'aborted') return answered(after, gateway, { verdict: 'aborted' }, epoch);
  return answered(after, gateway, newestCommit(after, epoch), epoch);
}

function answered(world: World, gateway: ModelGateway, answer: DoubtAnswer | null, epoch: number | null) {
  if (answer === null || gateway.doubt === null) return null;
  return { world, gateway: { ...gateway, doubt: { ...gateway.doubt, answered: { epoch, answer } } } };
}

function newestCommit(world: World, from: number): DoubtAnswer | null {
  const { serves } = outcome(world.to);
  return serves !== null && serves >= from ? { verdict: 'committed', epoch: serves } : null;
}

/** The answer arrives. A command that came meanwhile may have settled the doubt, or brought another epoch. */
export function settle(rules: ModelRules, gateway: ModelGateway): ModelGateway | null {
  const { record, doubt } = gateway;
  if (doubt?.answered == null) return null;
  const { epoch, answer } = doubt.answered;
  const asked: ModelGateway = { ...gateway, doubt: { ...doubt, answered: null } };
  if (answer.verdict === 'committed') {
    const committed = rules.commitGateway(record, answer.epoch, allOf(rules.direction.to));
    return change(rules, asked, committed, true) ?? asked;
  }
  if (rules.undecidedEpoch(record) !== epoch) return asked;
  if (epoch === null) return { ...gateway, doubt: null };
  return change(rules, asked, rules.revertGateway(record, epoch)) ?? asked;
}
