import { type Mutation, mutationsOf } from './mutation';

const SWITCHOVER = 'domain/switchover.ts';
const TARGET = 'domain/target.ts';
const RESOLVER = 'gateway/node/doubt-postgres.ts';
const RECORD = 'gateway/core/gateway-record.ts';
const CONTROLLER = 'gateway/core/gateway-controller.ts';
const MEMBERSHIP = 'gateway/core/membership.ts';
const CLAIM = 'activities/switchover/claim-attempt.ts';

const DECISIONS = mutationsOf({ file: SWITCHOVER, killedBy: 'walk' }, [
  {
    what: 'a claim that got no answer is taken for aborted',
    find: `result === 'unreachable' ? UNCLEAR : { attempt: result }`,
    replace: `{ attempt: result === 'unreachable' ? 'aborted' : result }`,
  },
  {
    what: 'a begin whose answer was lost is not claimed',
    find: `return result === 'lost' ? UNCLEAR : FAILED;`,
    replace: `return FAILED;`,
  },
  {
    what: 'a cancel between begin and commit is not heard',
    find: `state.failed || facts.cancelled || facts.budgetOver`,
    replace: `state.failed || facts.budgetOver`,
  },
  {
    what: 'the budget of the pause is not looked at',
    find: `state.failed || facts.cancelled || facts.budgetOver`,
    replace: `state.failed || facts.cancelled`,
  },
  {
    what: 'what an aborted attempt left is built upon',
    find: `leftovers: known === 'aborted',`,
    replace: `leftovers: false,`,
  },
  {
    what: 'a living attempt of a killed worker is not claimed',
    find: `return isAlive ? { ...fresh, attempt: 'unclear' } : fresh;`,
    replace: `return isAlive ? { ...fresh, failed: false } : fresh;`,
  },
  {
    what: 'nothing that an aborted attempt staged and holds is given up',
    find: `return state.reverted ? { kind: 'finish', outcome: 'aborted' } : { kind: 'revert' };`,
    replace: `return { kind: 'finish', outcome: 'aborted' };`,
  },
  {
    what: 'blue is fenced before the gateways hold',
    find: `  if (!state.held) return { kind: 'hold' };\n`,
    replace: ``,
  },
  {
    what: 'the commit does not wait for the gateways to know every challenge',
    find: `{ kind: state.challengesComplete ? 'commit' : 'pushChallenges' }`,
    replace: `{ kind: 'commit' }`,
  },
  {
    what: 'rounds under the fence have no limit',
    find: `result === 'failed' || rounds >= limits.roundsMax`,
    replace: `result === 'failed'`,
  },
  {
    what: 'a lock that writers hold is asked for without a limit',
    find: `failed: lockTries >= limits.lockAttempts`,
    replace: `failed: false`,
  },
  {
    what: 'an open whose answer was lost counts as open',
    find: `openEntered: (state, result) => (result === 'ok' ? { entered: 'open' } : enteredLost(state)),`,
    replace: `openEntered: () => ({ entered: 'open' }),`,
  },
  {
    what: 'green opens although the lock on its writers was lost',
    find: `if (result === 'session_lost') return enteredLost(state);`,
    replace: `if (result === 'session_lost') return { targetsApplied: true };`,
  },
  {
    what: 'requests are released while green is closed',
    find: `return { kind: state.targetsApplied ? 'openEntered' : 'applyTargets' };`,
    replace: `if (!state.targetsApplied) return { kind: 'applyTargets' };\n    return { kind: state.released ? 'openEntered' : 'release' };`,
  },
  {
    what: 'a target that was away when green was found open is forgotten',
    find: `return state.targetsApplied ? { kind: 'finish', outcome: 'committed' } : { kind: 'confirmTargets' };`,
    replace: `return { kind: 'finish', outcome: 'committed' };`,
  },
  {
    what: 'a gateway that is away keeps a step that is given up from its end',
    find: `(result === 'failed' ? {} : { reverted: true })`,
    replace: `(result === 'ok' ? { reverted: true } : {})`,
  },
  {
    what: 'a person is asked about a fence although another run has opened green meanwhile',
    find: `: { around: result === 'failed' ? 'unseen' : result, entered: 'unknown' },`,
    replace: `: { around: result === 'failed' ? 'unseen' : result },`,
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
]);

const PROTOCOL = mutationsOf({ file: TARGET, killedBy: 'protocol' }, [
  {
    what: 'an older epoch is staged over a newer one',
    find: `  if (epoch <= highestEpoch(record)) return refuse(record, 'STALE_EPOCH');\n  return changed({ ...record, staged`,
    replace: `  return changed({ ...record, staged`,
  },
  {
    what: 'the apply of an older epoch is answered as if it were done',
    find: `if (record.applied.epoch === epoch && isStanding(record, epoch)) return unchanged(record);`,
    replace: `if (record.applied.epoch >= epoch) return unchanged(record);`,
  },
  {
    what: 'a committed epoch is reverted by a late message',
    find: `  if (epoch === record.committedEpoch && epoch > 0) return refuse(record, 'COMMITTED');\n`,
    replace: ``,
  },
  {
    what: 'the revert of an older epoch takes a newer one away',
    find: `  if (epoch < highestEpoch(record)) return refuse(record, 'STALE_EPOCH');\n`,
    replace: ``,
  },
  {
    what: 'an epoch that is reverted before it arrived is staged later',
    find: `  return changed({ ...record, staged: null, revertedEpoch: epoch });`,
    replace: `  return unchanged({ ...record, staged: null });`,
  },
  {
    what: 'what was committed is over when a newer epoch is applied, and is applied all the same',
    find: `  if (applied.epoch > epoch) return refuse(record, 'STALE_EPOCH');\n`,
    replace: ``,
  },
]);

const GATEWAY = mutationsOf({ file: RECORD, killedBy: 'gateway' }, [
  {
    what: 'a newer epoch is staged while requests are held for an older one',
    find: `  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');\n  return settle(record, stageTarget(`,
    replace: `  return settle(record, stageTarget(`,
  },
  {
    what: 'the revert of a newer epoch ends the hold of an older one',
    find: `  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');\n  return settle(record, revertTarget(`,
    replace: `  return settle(record, revertTarget(`,
  },
  {
    what: 'a hold outlives the epoch that it was for',
    find: `const over = hold !== null && (applied.epoch >= hold.epoch || revertedEpoch >= hold.epoch);`,
    replace: `const over = false;`,
  },
  {
    what: 'requests are held for an epoch that is not staged',
    find: `  if (record.target.staged?.epoch === epoch) {`,
    replace: `  if (epoch > highestEpoch(record.target) || record.target.staged?.epoch === epoch) {`,
  },
  {
    what: 'the revert of an older epoch ends the doubt of a gateway that knows nothing',
    find: `return inQuestion !== null && undecidedEpoch(before) !== null;`,
    replace: `return inQuestion !== null || undecidedEpoch(before) === null;`,
  },
  {
    what: 'a doubt ends while an epoch is undecided',
    find: `  if (undecidedEpoch(after) !== null) return false;\n`,
    replace: ``,
  },
]);

const DOUBT = mutationsOf({ file: RESOLVER, killedBy: 'doubt' }, [
  {
    what: 'a gateway that starts beside a living attempt is told to serve',
    find: `asked.side !== options.direction.from || asked.living !== null`,
    replace: `asked.side !== options.direction.from`,
  },
  {
    what: 'a gateway follows a green that serves an older epoch than the one committed',
    find: `said === null || said <= 0 || said < since`,
    replace: `said === null || said <= 0`,
  },
  {
    what: 'a green that is asked as blue has a word',
    find: `if (asked.side !== options.direction.from || asked.living !== null) return UNKNOWN;`,
    replace: `if (asked.living !== null) return UNKNOWN;`,
  },
  {
    what: 'a gateway follows a commit whose green has no arbiter, and nobody has seen everybody there',
    find: `return left !== 'none' && left.finalized ? left.committed : null;`,
    replace: `return left !== 'none' ? left.committed : null;`,
  },
]);

const LEASES = mutationsOf({ file: CONTROLLER, killedBy: 'gateway' }, [
  {
    what: 'a gateway passes on what a side answered to a write after its lease was over',
    find: `(lapsesBefore === this.lapseCount && this.deps.isLapsed?.() !== true)`,
    replace: `lapsesBefore === this.lapseCount`,
  },
  {
    what: 'a gateway that is counted again passes on what a side answers to a write from before its lease was over',
    find: `(lapsesBefore === this.lapseCount && this.deps.isLapsed?.() !== true)`,
    replace: `(lapsesBefore <= this.lapseCount && this.deps.isLapsed?.() !== true)`,
  },
  {
    what: 'a gateway that stood still forwards before a timer has told that its lease is over',
    find: `    if (this.deps.isLapsed?.() === true) this.lapse();\n`,
    replace: ``,
  },
  {
    what: 'a gateway that stood still reads on at the side that was left, although its hold is over',
    find: `    if (isOverdue(this.record, this.heldMs)) this.beginDoubt('hold_deadline');\n`,
    replace: ``,
  },
  {
    what: 'a gateway that knows nothing of the epoch goes on reading at the side that was left',
    find: `isNewsOf(this.record, epoch)) this.beginDoubt('told');`,
    replace: `isNewsOf(this.record, epoch)) this.watchers.wake();`,
  },
  {
    what: 'news that came while the arbiter was asked does not count',
    find: `|| doubt.news !== news || undecidedEpoch`,
    replace: `|| undecidedEpoch`,
  },
  {
    what: 'a late word of an older commit throws a gateway that holds for a newer epoch into doubt',
    file: 'gateway/core/gateway-record.ts',
    find: `record.target.applied.epoch < epoch && (undecidedEpoch(record) ?? 0) < epoch;`,
    replace: `record.target.applied.epoch < epoch;`,
  },
  {
    what: 'a gateway that sends a part of its requests to the side that was left says that it has moved',
    file: 'gateway/core/gateway-record.ts',
    find: `return target.applied.state.weights[from] === 0 ? target.applied.epoch : 0;`,
    replace: `return target.applied.epoch;`,
  },
  {
    what: 'a gateway that never joined, and so was never counted, is stopped by a lease that it never had',
    file: 'gateway/core/membership.ts',
    find: `return this.isMember && this.isBound() && this`,
    replace: `return this.isBound() && this`,
  },
  {
    what: 'a lease counts from the answer and not from the question',
    file: MEMBERSHIP,
    find: `this.validUntil = sentAt + terms`,
    replace: `this.validUntil = clock.now() + terms`,
  },
  {
    what: 'a gateway ignores that its beat is refused beside a living attempt',
    file: MEMBERSHIP,
    find: `if (!answer.admitted && answer.living !== null && knows`,
    replace: `if (!answer.admitted && answer.living === -1 && knows`,
  },
]);

export const DECISION_MUTATIONS: readonly Mutation[] = [...DECISIONS, ...PROTOCOL, ...GATEWAY, ...DOUBT, ...LEASES];
