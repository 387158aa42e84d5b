import { type KnownAttempt } from '../../domain/switchover';
import { type ModelRules } from './rules';
import { type ModelRun, type World } from './world';

/** A run that begins: it asks the arbiter what there is, and builds on nothing else. */
export function newRun(rules: ModelRules, world: World, kind: ModelRun['kind']): ModelRun {
  const latest = world.from.attempts.at(-1);
  const known: KnownAttempt = latest?.state ?? 'none';
  const goesOn = latest !== undefined && latest.state !== 'aborted';
  return {
    kind,
    machine: rules.initialSwitchover(known),
    at: kind === 'switchover' ? 'decide' : 'claim',
    calls: '...',
    attempt: goesOn ? latest.attempt : null,
    epoch: goesOn ? latest.epoch : null,
    latestAttempt: latest?.attempt ?? 0,
    latestEpoch: latest?.epoch ?? 0,
    acknowledged: [null, null],
    flipped: '...',
    holdsEntered: false,
    isDoneBehindFence: false,
    lookBehindCommit: null,
    isGivenUp: false,
  };
}
