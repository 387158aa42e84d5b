import { initialTargetRecord } from '../../domain/target';
import { type GatewayRecord, type GatewayResult } from '../../gateway/core/gateway-record';
import { allOf, type Side } from '../../gateway/core/gateway-state';
import { claimEpoch, outcome, prepares } from './arbiter-twin';
import { type ModelRules } from './rules';
import { type DoubtAnswer, type ModelGateway, type World } from './world';

/** Longer than any hold; the model tells the gateway when its deadline is over. */
const DEADLINE_MS = 1_000;

export const BLUE = allOf('blue');
export const GREEN = allOf('green');

/** Started with nothing on its disk: it serves nothing before it has asked. */
export function newGateway(): ModelGateway {
  return inDoubt({ target: initialTargetRecord(BLUE), hold: null }, null);
}

/** In the middle of an ordinary day. */
export function servingGateway(): ModelGateway {
  return { record: { target: initialTargetRecord(BLUE), hold: null }, doubt: null, looked: null };
}

/** The side that a request which comes now is sent to; null when it waits or is refused. */
export function forwardsTo({ record, doubt }: ModelGateway): Side | null {
  if (doubt !== null || record.hold !== null) return null;
  return record.target.applied.state.weights.green > 0 ? 'green' : 'blue';
}

/** The side that a read which comes now is sent to; null when it waits or is refused. */
export function readsAt(rules: ModelRules, { record, doubt }: ModelGateway): Side | null {
  const weights = rules.readsGoTo(record, doubt !== null);
  if (weights === null) return null;
  return weights.green > 0 ? 'green' : 'blue';
}

function inDoubt(record: GatewayRecord, inQuestion: number | null): ModelGateway {
  return { record, doubt: { inQuestion, answered: null }, looked: null };
}

/** As the constructor of the controller: its record is read from the disk, and it asks before it forwards. */
export function restarted(rules: ModelRules, { record }: ModelGateway): ModelGateway {
  return inDoubt(record, rules.undecidedEpoch(record));
}

export function deadlineOver(rules: ModelRules, gateway: ModelGateway): ModelGateway {
  return gateway.doubt === null ? { ...restarted(rules, gateway), looked: gateway.looked } : gateway;
}

/** @returns null when it was refused */
function change(
  rules: ModelRules,
  gateway: ModelGateway,
  result: GatewayResult,
  isCommit = false,
): ModelGateway | null {
  if (!result.ok) return null;
  const { record, doubt, looked } = gateway;
  const ends = doubt !== null && rules.isSettled(doubt.inQuestion, { before: record, after: result.record, isCommit });
  return { record: result.record, doubt: ends ? null : doubt, looked };
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
      const staged = change(rules, gateway, rules.stageGateway(record, epoch, GREEN));
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
      if (outcome(world.green).serves !== epoch) return null;
      return change(rules, gateway, rules.commitGateway(record, epoch, GREEN), true);
    }
    default:
      throw new Error(`a gateway has no verb ${verb}`);
  }
}

/** Whether exactly this epoch is prepared where this gateway asks; not asked again once it was seen. */
function look(world: World, gateway: ModelGateway, epoch: number): ModelGateway {
  const { looked } = gateway;
  if (looked?.epoch === epoch && looked.isPrepared) return gateway;
  return { ...gateway, looked: { epoch, isPrepared: prepares(world.blue, epoch) } };
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
  const { record, doubt } = gateway;
  if (doubt === null || doubt.answered !== null) return null;
  const epoch = rules.undecidedEpoch(record);
  const appliedEpoch = record.target.applied.epoch;
  if (epoch === null) {
    const { committed, living } = outcome(world.blue);
    if (living !== null) return null;
    const isOver = committed !== null && committed > appliedEpoch;
    return answered(world, gateway, isOver ? newestCommit(world, committed) : { verdict: 'aborted' }, epoch);
  }
  const { twin, answer } = claimEpoch(world.blue, epoch, appliedEpoch);
  const after = { ...world, blue: twin };
  if (answer === 'aborted') return answered(after, gateway, { verdict: 'aborted' }, epoch);
  return answered(after, gateway, newestCommit(after, epoch), epoch);
}

function answered(world: World, gateway: ModelGateway, answer: DoubtAnswer | null, epoch: number | null) {
  if (answer === null || gateway.doubt === null) return null;
  return { world, gateway: { ...gateway, doubt: { ...gateway.doubt, answered: { epoch, answer } } } };
}

function newestCommit(world: World, from: number): DoubtAnswer | null {
  const { serves } = outcome(world.green);
  return serves !== null && serves >= from ? { verdict: 'committed', epoch: serves } : null;
}

/** The answer arrives. A command that came meanwhile may have settled the doubt, or brought another epoch. */
export function settle(rules: ModelRules, gateway: ModelGateway): ModelGateway | null {
  const { record, doubt, looked } = gateway;
  if (doubt?.answered == null) return null;
  const { epoch, answer } = doubt.answered;
  const asked: ModelGateway = { record, doubt: { ...doubt, answered: null }, looked };
  if (answer.verdict === 'committed') {
    return change(rules, asked, rules.commitGateway(record, answer.epoch, GREEN), true) ?? asked;
  }
  if (rules.undecidedEpoch(record) !== epoch) return asked;
  if (epoch === null) return { record, doubt: null, looked };
  return change(rules, asked, rules.revertGateway(record, epoch)) ?? asked;
}
