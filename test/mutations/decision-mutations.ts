import { type Mutation } from './mutation';

const SWITCHOVER = 'domain/switchover.ts';
const TARGET = 'domain/target.ts';
const RESOLVER = 'gateway/node/doubt-postgres.ts';
const RECORD = 'gateway/core/gateway-record.ts';
const CONTROLLER = 'gateway/core/gateway-controller.ts';
const MEMBERSHIP = 'gateway/core/membership.ts';
const CLAIM = 'activities/switchover/claim-attempt.ts';

const DECISIONS: readonly Mutation[] = [
  {
    what: 'a claim that got no answer is taken for aborted',
    file: SWITCHOVER,
    find: `result === 'unreachable' ? UNCLEAR : { attempt: result }`,
    replace: `{ attempt: result === 'unreachable' ? 'aborted' : result }`,
    killedBy: 'walk',
  },
  {
    what: 'a begin whose answer was lost is not claimed',
    file: SWITCHOVER,
    find: `return result === 'lost' ? UNCLEAR : FAILED;`,
    replace: `return FAILED;`,
    killedBy: 'walk',
  },
  {
    what: 'a cancel between begin and commit is not heard',
    file: SWITCHOVER,
    find: `state.failed || facts.cancelled || facts.budgetOver`,
    replace: `state.failed || facts.budgetOver`,
    killedBy: 'walk',
  },
  {
    what: 'the budget of the pause is not looked at',
    file: SWITCHOVER,
    find: `state.failed || facts.cancelled || facts.budgetOver`,
    replace: `state.failed || facts.cancelled`,
    killedBy: 'walk',
  },
  {
    what: 'what an aborted attempt left is built upon',
    file: SWITCHOVER,
    find: `leftovers: known === 'aborted',`,
    replace: `leftovers: false,`,
    killedBy: 'walk',
  },
  {
    what: 'a living attempt of a killed worker is not claimed',
    file: SWITCHOVER,
    find: `return isAlive ? { ...fresh, attempt: 'unclear' } : fresh;`,
    replace: `return isAlive ? { ...fresh, failed: false } : fresh;`,
    killedBy: 'walk',
  },
  {
    what: 'nothing that an aborted attempt staged and holds is given up',
    file: SWITCHOVER,
    find: `return state.reverted ? { kind: 'finish', outcome: 'aborted' } : { kind: 'revert' };`,
    replace: `return { kind: 'finish', outcome: 'aborted' };`,
    killedBy: 'walk',
  },
  {
    what: 'blue is fenced before the gateways hold',
    file: SWITCHOVER,
    find: `  if (!state.held) return { kind: 'hold' };\n`,
    replace: ``,
    killedBy: 'walk',
  },
  {
    what: 'the commit does not wait for the gateways to know every challenge',
    file: SWITCHOVER,
    find: `{ kind: state.challengesComplete ? 'commit' : 'pushChallenges' }`,
    replace: `{ kind: 'commit' }`,
    killedBy: 'walk',
  },
  {
    what: 'rounds under the fence have no limit',
    file: SWITCHOVER,
    find: `result === 'failed' || rounds >= limits.roundsMax`,
    replace: `result === 'failed'`,
    killedBy: 'walk',
  },
  {
    what: 'a lock that writers hold is asked for without a limit',
    file: SWITCHOVER,
    find: `failed: lockTries >= limits.lockAttempts`,
    replace: `failed: false`,
    killedBy: 'walk',
  },
  {
    what: 'an open whose answer was lost counts as open',
    file: SWITCHOVER,
    find: `openEntered: (state, result) => (result === 'ok' ? { entered: 'open' } : enteredLost(state)),`,
    replace: `openEntered: () => ({ entered: 'open' }),`,
    killedBy: 'walk',
  },
  {
    what: 'green opens although the lock on its writers was lost',
    file: SWITCHOVER,
    find: `if (result === 'session_lost') return enteredLost(state);`,
    replace: `if (result === 'session_lost') return { targetsApplied: true };`,
    killedBy: 'walk',
  },
  {
    what: 'requests are released while green is closed',
    file: SWITCHOVER,
    find: `return { kind: state.targetsApplied ? 'openEntered' : 'applyTargets' };`,
    replace: `if (!state.targetsApplied) return { kind: 'applyTargets' };\n    return { kind: state.released ? 'openEntered' : 'release' };`,
    killedBy: 'walk',
  },
  {
    what: 'a target that was away when green was found open is forgotten',
    file: SWITCHOVER,
    find: `return state.targetsApplied ? { kind: 'finish', outcome: 'committed' } : { kind: 'confirmTargets' };`,
    replace: `return { kind: 'finish', outcome: 'committed' };`,
    killedBy: 'walk',
  },
  {
    what: 'a gateway that is away keeps a step that is given up from its end',
    file: SWITCHOVER,
    find: `(result === 'failed' ? {} : { reverted: true })`,
    replace: `(result === 'ok' ? { reverted: true } : {})`,
    killedBy: 'walk',
  },
  {
    what: 'a person is asked about a fence although another run has opened green meanwhile',
    file: SWITCHOVER,
    find: `: { around: result === 'failed' ? 'unseen' : result, entered: 'unknown' },`,
    replace: `: { around: result === 'failed' ? 'unseen' : result },`,
    killedBy: 'walk',
  },
  {
    what: 'green opens on a look at blue from before the targets were flipped',
    file: 'activities/switchover/after-commit.ts',
    find: `  if (run.input.fence !== 'open' && !(await lastLook(run))) return 'lost';\n`,
    replace: ``,
    killedBy: 'around',
  },
  {
    what: 'a run gives up the epoch that it chose although its claim found no attempt',
    file: CLAIM,
    find: `return { attempt: claimed.attempt, epoch: claimed.epoch };`,
    replace: `return { attempt: claimed.attempt ?? _before.attempt, epoch: claimed.epoch ?? _before.epoch };`,
    killedBy: 'owner',
  },
  {
    what: 'a run that was given up while it chose its epoch begins all the same',
    file: CLAIM,
    find: `return before === now;`,
    replace: `return before === now || now !== null;`,
    killedBy: 'model',
  },
  {
    what: 'a claim without a number ends an attempt that was there before the run',
    file: CLAIM,
    find: `return latest !== null && latest > after ? latest : null;`,
    replace: `return latest;`,
    killedBy: 'owner',
  },
];

const PROTOCOL: readonly Mutation[] = [
  {
    what: 'an older epoch is staged over a newer one',
    file: TARGET,
    find: `  if (epoch <= highestEpoch(record)) return refuse(record, 'STALE_EPOCH');\n  return changed({ ...record, staged`,
    replace: `  return changed({ ...record, staged`,
    killedBy: 'protocol',
  },
  {
    what: 'the apply of an older epoch is answered as if it were done',
    file: TARGET,
    find: `if (record.applied.epoch === epoch && isStanding(record, epoch)) return unchanged(record);`,
    replace: `if (record.applied.epoch >= epoch) return unchanged(record);`,
    killedBy: 'protocol',
  },
  {
    what: 'a committed epoch is reverted by a late message',
    file: TARGET,
    find: `  if (epoch === record.committedEpoch && epoch > 0) return refuse(record, 'COMMITTED');\n`,
    replace: ``,
    killedBy: 'protocol',
  },
  {
    what: 'the revert of an older epoch takes a newer one away',
    file: TARGET,
    find: `  if (epoch < highestEpoch(record)) return refuse(record, 'STALE_EPOCH');\n`,
    replace: ``,
    killedBy: 'protocol',
  },
  {
    what: 'an epoch that is reverted before it arrived is staged later',
    file: TARGET,
    find: `  return changed({ ...record, staged: null, revertedEpoch: epoch });`,
    replace: `  return unchanged({ ...record, staged: null });`,
    killedBy: 'protocol',
  },
  {
    what: 'what was committed is over when a newer epoch is applied, and is applied all the same',
    file: TARGET,
    find: `  if (applied.epoch > epoch) return refuse(record, 'STALE_EPOCH');\n`,
    replace: ``,
    killedBy: 'protocol',
  },
];

const GATEWAY: readonly Mutation[] = [
  {
    what: 'a newer epoch is staged while requests are held for an older one',
    file: RECORD,
    find: `  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');\n  return settle(record, stageTarget(`,
    replace: `  return settle(record, stageTarget(`,
    killedBy: 'gateway',
  },
  {
    what: 'the revert of a newer epoch ends the hold of an older one',
    file: RECORD,
    find: `  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');\n  return settle(record, revertTarget(`,
    replace: `  return settle(record, revertTarget(`,
    killedBy: 'gateway',
  },
  {
    what: 'a hold outlives the epoch that it was for',
    file: RECORD,
    find: `const over = hold !== null && (applied.epoch >= hold.epoch || revertedEpoch >= hold.epoch);`,
    replace: `const over = false;`,
    killedBy: 'gateway',
  },
  {
    what: 'requests are held for an epoch that is not staged',
    file: RECORD,
    find: `  if (record.target.staged?.epoch === epoch) {`,
    replace: `  if (epoch > highestEpoch(record.target) || record.target.staged?.epoch === epoch) {`,
    killedBy: 'gateway',
  },
  {
    what: 'the revert of an older epoch ends the doubt of a gateway that knows nothing',
    file: RECORD,
    find: `return inQuestion !== null && undecidedEpoch(before) !== null;`,
    replace: `return inQuestion !== null || undecidedEpoch(before) === null;`,
    killedBy: 'gateway',
  },
  {
    what: 'a doubt ends while an epoch is undecided',
    file: RECORD,
    find: `  if (undecidedEpoch(after) !== null) return false;\n`,
    replace: ``,
    killedBy: 'gateway',
  },
];

const DOUBT: readonly Mutation[] = [
  {
    what: 'a gateway that starts beside a living attempt is told to serve',
    file: RESOLVER,
    find: `asked.side !== options.direction.from || asked.living !== null`,
    replace: `asked.side !== options.direction.from`,
    killedBy: 'doubt',
  },
  {
    what: 'a gateway follows a green that serves an older epoch than the one committed',
    file: RESOLVER,
    find: `said === null || said <= 0 || said < since`,
    replace: `said === null || said <= 0`,
    killedBy: 'doubt',
  },
];

const ASKED: readonly Mutation[] = [
  {
    what: 'a green that is asked as blue has a word',
    file: RESOLVER,
    find: `if (asked.side !== options.direction.from || asked.living !== null) return UNKNOWN;`,
    replace: `if (asked.living !== null) return UNKNOWN;`,
    killedBy: 'doubt',
  },
  {
    what: 'a gateway follows a commit whose green has no arbiter, and nobody has seen everybody there',
    file: RESOLVER,
    find: `return left !== 'none' && left.finalized ? left.committed : null;`,
    replace: `return left !== 'none' ? left.committed : null;`,
    killedBy: 'doubt',
  },
];

const LEASES: readonly Mutation[] = [
  {
    what: 'a gateway passes on what a side answered to a write after its lease was over',
    file: CONTROLLER,
    find: `(lapsesBefore === this.lapseCount && this.deps.isLapsed?.() !== true)`,
    replace: `lapsesBefore === this.lapseCount`,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway that is counted again passes on what a side answers to a write from before its lease was over',
    file: CONTROLLER,
    find: `(lapsesBefore === this.lapseCount && this.deps.isLapsed?.() !== true)`,
    replace: `(lapsesBefore <= this.lapseCount && this.deps.isLapsed?.() !== true)`,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway that stood still forwards before a timer has told that its lease is over',
    file: CONTROLLER,
    find: `    if (this.deps.isLapsed?.() === true) this.lapse();\n`,
    replace: ``,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway that stood still reads on at the side that was left, although its hold is over',
    file: CONTROLLER,
    find: `    if (isOverdue(this.record, this.heldMs)) this.beginDoubt('hold_deadline');\n`,
    replace: ``,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway that knows nothing of the epoch goes on reading at the side that was left',
    file: CONTROLLER,
    find: `isNewsOf(this.record, epoch)) this.beginDoubt('told');`,
    replace: `isNewsOf(this.record, epoch)) this.watchers.wake();`,
    killedBy: 'gateway',
  },
  {
    what: 'news that came while the arbiter was asked does not count',
    file: CONTROLLER,
    find: `|| doubt.news !== news || undecidedEpoch`,
    replace: `|| undecidedEpoch`,
    killedBy: 'gateway',
  },
  {
    what: 'a late word of an older commit throws a gateway that holds for a newer epoch into doubt',
    file: 'gateway/core/gateway-record.ts',
    find: `record.target.applied.epoch < epoch && (undecidedEpoch(record) ?? 0) < epoch;`,
    replace: `record.target.applied.epoch < epoch;`,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway that sends a part of its requests to the side that was left says that it has moved',
    file: 'gateway/core/gateway-record.ts',
    find: `return target.applied.state.weights[from] === 0 ? target.applied.epoch : 0;`,
    replace: `return target.applied.epoch;`,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway that never joined, and so was never counted, is stopped by a lease that it never had',
    file: 'gateway/core/membership.ts',
    find: `return this.isMember && this.isBound() && this`,
    replace: `return this.isBound() && this`,
    killedBy: 'gateway',
  },
  {
    what: 'a lease counts from the answer and not from the question',
    file: MEMBERSHIP,
    find: `this.validUntil = sentAt + terms`,
    replace: `this.validUntil = clock.now() + terms`,
    killedBy: 'gateway',
  },
  {
    what: 'a gateway ignores that its beat is refused beside a living attempt',
    file: MEMBERSHIP,
    find: `if (!answer.admitted && answer.living !== null && knows`,
    replace: `if (!answer.admitted && answer.living === -1 && knows`,
    killedBy: 'gateway',
  },
];

export const DECISION_MUTATIONS: readonly Mutation[] = [
  ...DECISIONS,
  ...PROTOCOL,
  ...GATEWAY,
  ...DOUBT,
  ...ASKED,
  ...LEASES,
];
