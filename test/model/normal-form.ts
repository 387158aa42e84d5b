import { type SwitchoverState } from '../../domain/switchover';
import { type ModelGateway, type ModelRun, type World } from './world';

/** What nobody reads any more is the same in all worlds, so that those that differ in nothing else are one. */
export function normalForm(world: World): World {
  const [first, second] = world.gateways;
  return {
    ...world,
    gateways: [normalGateway(first), normalGateway(second)],
    runs: world.runs.map(normalRun),
  };
}

const OVER = {
  leftovers: false,
  prepared: false,
  staged: false,
  held: false,
  lockTries: 0,
  rounds: 0,
  caughtUp: false,
  challengesComplete: false,
  failed: false,
} as const;

/** How a run came to its outcome. */
export function normalMachine(machine: SwitchoverState): SwitchoverState {
  if (machine.attempt === 'aborted') return { ...machine, ...OVER };
  if (machine.attempt !== 'committed') return machine;
  const isOpen = machine.entered === 'open';
  return { ...machine, ...OVER, ...(isOpen ? { around: 'clean', writersHeld: false } : {}) };
}

function normalRun(run: ModelRun): ModelRun {
  if (run.kind !== 'switchover') return run;
  const machine = normalMachine(run.machine);
  const { attempt } = machine;
  const isOver = attempt === 'committed';
  return {
    ...run,
    machine,
    isDoneBehindFence: run.isDoneBehindFence && attempt === 'fenced' && !machine.caughtUp,
    lookBehindCommit: (isOver || attempt === 'unclear') && machine.entered !== 'open' ? run.lookBehindCommit : null,
    flipped: machine.released ? '...' : `${run.flipped.slice(0, 2)}.`,
    ...(isOver ? { attempt: null, latestAttempt: 0, latestEpoch: 0, isGivenUp: false } : {}),
  };
}

/** Looked at only when a hold begins. */
function normalGateway(gateway: ModelGateway): ModelGateway {
  const { record, looked } = gateway;
  if (looked === null) return gateway;
  const isAsked = record.hold === null && record.target.staged?.epoch === looked.epoch;
  return isAsked ? gateway : { ...gateway, looked: null };
}
