import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../domain/faults';
import { type StepInput } from '../domain/steps';
import { type Step } from './step';
import { claimAttempt } from './switchover/claim-attempt';
import { everyParty, revertParties } from './switchover/parties';
import { realTools } from './switchover/real-tools';

const CLAIM_TRIES = 10;
const CLAIM_RETRY_MS = 200;
const REVERT_PATIENCE_MS = 10_000;

/**
 * Blue serves again and no attempt of this cutover can commit any more, or it is too late for that. Idempotent; harmless when
 * nothing was ever begun.
 *
 * @throws CutoverFault LOCK_BUSY | DB_UNREACHABLE | TARGET_UNREACHABLE (a gateway or target was not brought back; repeat)
 */
export const abandonSwitchover: Step<StepInput, { readonly outcome: 'aborted' | 'committed' }> = async (
  deps,
  { cutoverId },
) => {
  const { lockTimeoutMs } = deps.settings.switchover;
  const claimed = await deps.databases.withSession(
    'blue',
    async (blue) => {
      for (let tries = 0; tries < CLAIM_TRIES; tries += 1) {
        const latest = await realTools.latestAttempt(blue, cutoverId);
        if (latest === null) return { outcome: 'aborted', epoch: null } as const;
        const answer = await claimAttempt(realTools, blue, { cutoverId, attempt: latest.attempt, lockTimeoutMs });
        if (answer !== 'busy') return { outcome: answer.outcome, epoch: latest.epoch };
        await sleep(CLAIM_RETRY_MS);
      }
      throw new CutoverFault('LOCK_BUSY', 'the attempt under way could not be claimed: its lock was busy; repeat');
    },
    { purpose: 'abandon' },
  );
  if (claimed.outcome === 'committed' || claimed.epoch === null) return { outcome: claimed.outcome };
  const { left } = await revertParties(everyParty(deps), claimed.epoch, REVERT_PATIENCE_MS);
  if (left.length > 0) {
    const names = left.map(({ name, reason }) => `${name} (${reason})`).join(', ');
    throw new CutoverFault('TARGET_UNREACHABLE', `epoch ${claimed.epoch} is given up, but not everywhere: ${names}`, {
      epoch: claimed.epoch,
      left: left.map(({ name }) => name),
    });
  }
  deps.log.info({ cutoverId, epoch: claimed.epoch }, 'switchover abandoned');
  return { outcome: 'aborted' };
};
