import { Step, type Transition } from './orchestrator';
import { type ModelRules } from './rules';
import { type ModelRun, PARTIES, type Party, type World } from './world';

/**
 * Takes at once what is a run's own business: then the states between two messages of a run are none, and neither are the orders in
 * which several runs think. Only what is the one thing that this run can do, what changes nothing but the run, and what leads
 * to the same whether it comes before or after anything that others may do meanwhile. So every history has one of this kind with the
 * same messages that had an effect in the same order; `test/unit/model/reduction.test.ts` holds what is reached so against what is reached otherwise.
 */
export function withOwnSteps(rules: ModelRules, transition: Transition): Transition {
  let after = transition;
  for (let index = 0; index < after.world.runs.length; index += 1) {
    for (let step = ownStep(rules, after.world, index); step !== null; step = ownStep(rules, after.world, index)) {
      after = { ...after, label: `${after.label}; ${step.label}`, world: step.world };
    }
  }
  return after;
}

function ownStep(rules: ModelRules, world: World, index: number): Transition | null {
  const run = world.runs[index];
  if (run === undefined) return null;
  const step = new Step(rules, world, index, run);
  if (!run.calls.includes('?')) return step.thought();
  if (!isForGood(world, run)) return null;
  for (const [place, party] of PARTIES.entries()) {
    if (run.calls.charAt(place) !== '?' || !hasHappened(world, run, party)) continue;
    const [first, ...others] = step.callParty(party, place);
    if (
      first !== undefined &&
      changesNobody(world, first.world) &&
      others.every((each) => isSame(first.world, each.world))
    )
      return first;
  }
  return null;
}

/** Another run has brought this party there, or this one has by a call without an answer. */
function hasHappened({ gateways, target }: World, run: ModelRun, party: Party): boolean {
  const { applied, revertedEpoch } = party === 't' ? target : gateways[party === 'g0' ? 0 : 1].record.target;
  const epoch = epochOf(run);
  return isReverting(run) ? revertedEpoch >= epoch : isFlipping(run) && applied.epoch === epoch;
}

/** The arbiter has decided the epoch, no message is under way or can be from now on, and no run is left that would give it another outcome. */
function isForGood({ from, runs, late, faults }: World, run: ModelRun): boolean {
  const epoch = epochOf(run);
  const decided = from.attempts.find((each) => each.epoch === epoch)?.state;
  if (faults > 0 || late.length > 0 || decided !== (isReverting(run) ? 'aborted' : 'committed')) return false;
  return runs.every((other) => !contradicts(other, epoch, decided));
}

function contradicts(other: ModelRun, epoch: number, decided: 'aborted' | 'committed'): boolean {
  const { attempt, leftovers } = other.machine;
  if (decided === 'aborted') return attempt === 'committed' && other.epoch === epoch;
  const givesUp = other.kind !== 'switchover' || attempt === 'aborted';
  return (givesUp && (other.epoch ?? 0) >= epoch) || (leftovers && other.latestEpoch >= epoch);
}

const epochOf = (run: ModelRun) => (run.at === 'revertLeftovers' ? run.latestEpoch : (run.epoch ?? 0));
const isReverting = ({ at }: ModelRun) => at === 'revert' || at === 'revertLeftovers';
const isFlipping = ({ at }: ModelRun) => at === 'applyTargets' || at === 'release' || at === 'confirmTargets';

function changesNobody(before: World, after: World): boolean {
  return isSame({ ...before, runs: [] }, { ...after, runs: [] });
}

function isSame(one: World, other: World): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
