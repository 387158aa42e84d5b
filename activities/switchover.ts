import { isCutoverFault } from '../domain/faults';
import { type SwitchoverReceipt } from '../domain/receipts';
import { type SideName } from '../domain/sides';
import { type StepInput, type SwitchoverInput } from '../domain/steps';
import { type Step, type StepDeps } from './step';
import { Attempt } from './switchover/attempt';
import { everyParty, tellEverybody } from './switchover/parties';
import { PauseSessions } from './switchover/pause-sessions';
import { runAttempt } from './switchover/run-attempt';
import { realTools } from './switchover/real-tools';
import { type LatestAttempt, type SwitchoverTools } from './switchover/tools';

/**
 * One attempt to move the writes from one side to the other.
 *
 * Resumable: a repeat asks the arbiter of the left side first. An attempt that was committed is brought to its end; one that is alive is
 * claimed, given up everywhere and reported as `aborted`; nothing that an aborted one left is built on. Two runs at once do no
 * harm: one of them loses its claim.
 *
 * @returns `aborted` with its reason for everything that goes wrong before the commit, cancellation too. After the commit it
 *   goes on until all gateways serve the entered side.
 * @throws CutoverFault DB_UNREACHABLE (the left side could not be asked how things are; repeat) | CROSSED_CONNECTION | CUTOVER_RUNNING |
 *   FENCE_UNPROVEN (committed; the entered side stays closed until a person has decided what `input.fence` says)
 */
export const switchover: Step<SwitchoverInput, SwitchoverReceipt> = createSwitchover(realTools);

/** {@link switchover} over other tools. */
export function createSwitchover(tools: SwitchoverTools): Step<SwitchoverInput, SwitchoverReceipt> {
  return async (deps, input, context) => {
    const sessions = new PauseSessions(deps, input, tools);
    try {
      const latest = await latestAttempt(sessions, tools, deps.direction.from, input);
      const receipt = await runAttempt(new Attempt(deps, input, context, tools, sessions, latest));
      if (receipt.outcome === 'committed') await noteCommitted(deps, input, receipt.epoch, deps.direction.to);
      return receipt;
    } finally {
      await sessions.close();
    }
  };
}

/** A left side that is gone for good must not keep the entered one closed once a person has decided: the step itself had named what is committed. */
async function latestAttempt(
  sessions: PauseSessions,
  tools: SwitchoverTools,
  side: SideName,
  { cutoverId, fence, committed }: SwitchoverInput,
): Promise<LatestAttempt | null> {
  try {
    return await sessions.askLeft((left) => tools.latestAttempt(left, cutoverId, side));
  } catch (error) {
    const isAway = isCutoverFault(error) && error.code === 'DB_UNREACHABLE';
    if (!isAway || fence !== 'open' || committed === undefined) throw error;
    return { ...committed, state: 'committed', ageMs: 0 };
  }
}

/** Nothing depends on it: whoever misses it takes a late revert, and is brought there again. */
async function noteCommitted(deps: StepDeps, { cutoverId }: StepInput, epoch: number, side: SideName): Promise<void> {
  for (const { name, reason } of await tellEverybody(side, everyParty(deps), epoch)) {
    deps.log.warn({ cutoverId, epoch, name, reason }, 'not told of the commit');
  }
}
