import { type SwitchoverActionKind } from '../../domain/switchover';
import { highestEpoch } from '../../domain/target';
import { command, readsAt } from './gateway-twin';
import { type ModelRules } from './rules';
import { type LateMessage, type ModelRun, type Party, type World } from './world';

export function withArbiter(world: World, from: World['from']): World {
  return { ...world, from };
}

export function highestEpochs({ gateways, target }: World): readonly number[] {
  const listed = gateways.filter(({ isListed }) => isListed);
  return [...listed.map(({ record }) => highestEpoch(record.target)), highestEpoch(target)];
}

const recordOf = (world: World, party: Party) =>
  party === 't' ? world.target : world.gateways[party === 'g0' ? 0 : 1].record.target;

/** After these a run only knows whom it calls next. */
export const THOUGHTS: ReadonlySet<string> = new Set<SwitchoverActionKind>([
  'prepare',
  'revertLeftovers',
  'stage',
  'hold',
  'pushChallenges',
  'revert',
  'applyTargets',
  'release',
  'confirmTargets',
]);

/** What a run sends to a party for what it does now: the short answers of `parties.ts`, one message after the other. */
export function messagesOf(rules: ModelRules, world: World, run: ModelRun, party: Party): readonly LateMessage[] {
  const epoch = run.at === 'revertLeftovers' ? run.latestEpoch : (run.epoch ?? 0);
  const send = (verb: string, of = epoch): LateMessage => ({ to: party, verb, epoch: of });
  switch (run.at) {
    case 'stage':
    case 'hold':
      return [send(run.at)];
    case 'revertLeftovers':
    case 'revert': {
      const record = recordOf(world, party);
      const staged = record.staged !== null && record.staged.epoch < epoch ? [send('revert', record.staged.epoch)] : [];
      return highestEpoch(record) <= epoch ? [...staged, send('revert')] : staged;
    }
    default: {
      if (run.at === 'applyTargets' && party !== 't') return [send('reads')];
      const applied = atParty(rules, world, send('apply'));
      return [send(applied === null ? 'tell' : 'apply')];
    }
  }
}

/** What counts is what it serves, not what it answered. */
export function isAccepted(
  { direction: { to } }: ModelRules,
  run: ModelRun,
  world: World,
  party: Party,
  ok: boolean,
): boolean {
  if (run.at === 'applyTargets' && party !== 't') return ok;
  if (run.at !== 'release' && run.at !== 'applyTargets' && run.at !== 'confirmTargets') return ok;
  const { applied } = recordOf(world, party);
  const { state } = applied;
  const serves = typeof state === 'string' ? state === to : state.weights[to] > 0;
  return ok && applied.epoch === run.epoch && serves;
}

/**
 * The lease that it held by is over, or so much time has passed that it would be in doubt by its own clock. It would be told of the commit.
 */
export function isKnownToBeOver(rules: ModelRules, { from, gateways }: World, run: ModelRun, place: number): boolean {
  const gateway = gateways[place];
  if (run.at !== 'applyTargets' || gateway === undefined) return false;
  const member = run.acknowledged[place] ?? null;
  const mayRead = member !== null && rules.mayReadHere(from, member, run.epoch);
  // By the deadline of its hold, not by a lease that a beat may renew.
  const isOver = readsAt(rules, { ...gateway, lease: null }) !== rules.direction.from;
  return (member !== null && !mayRead) || isOver;
}

/** A message arrives at a gateway or the target. @returns null when it is refused */
export function atParty(rules: ModelRules, world: World, message: LateMessage): World | null {
  const { to, verb, epoch } = message;
  if (to !== 't') {
    const place = to === 'g0' ? 0 : 1;
    const after = command(rules, world, world.gateways[place], message);
    if (after === null) return null;
    const [first, second] = world.gateways;
    return { ...world, gateways: place === 0 ? [after, second] : [first, after] };
  }
  const { target } = world;
  const result =
    verb === 'stage'
      ? rules.stageTarget(target, epoch, rules.direction.to)
      : verb === 'apply'
        ? rules.applyTarget(target, epoch)
        : verb === 'tell'
          ? rules.commitTarget(target, epoch, rules.direction.to)
          : rules.revertTarget(target, epoch);
  return result.ok ? { ...world, target: result.record } : null;
}

interface AtArbiter {
  readonly world: World;
  readonly result: 'ok' | 'refused' | 'lost';
  readonly attempt?: number;
  readonly committed: boolean;
}

/** A message arrives at the arbiter of the side that is left, whoever sent it. */
export function atArbiter(rules: ModelRules, world: World, { verb, epoch, acknowledged = [] }: LateMessage): AtArbiter {
  if (verb === 'begin') {
    const { twin, answer } = rules.beginAttempt(world.from, epoch, 1);
    if (answer.ok) return { world: withArbiter(world, twin), result: 'ok', attempt: answer.attempt, committed: false };
    // Another run of this step has committed meanwhile: the claim finds out.
    return { world, result: answer.reason === 'committed' ? 'lost' : 'refused', committed: false };
  }
  if (verb === 'fence') {
    const { twin, answer } = rules.fence(world.from, epoch, acknowledged);
    return { world: withArbiter(world, twin), result: answer.ok ? 'ok' : 'refused', committed: false };
  }
  const { twin, answer } = rules.commitAttempt({ ...world.from, undone: world.isPending ? 1 : 0 }, epoch);
  const result = answer.ok ? 'ok' : 'refused';
  return {
    world: withArbiter(world, { ...twin, undone: 0 }),
    result,
    committed: answer.ok && !answer.alreadyCommitted,
  };
}
