import { CutoverFault } from '../domain/faults';
import { type DatabaseSession } from '../domain/ports/databases';
import { type DrainReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { type AttemptDescription, problemsSinceCommit } from '../hydra/arbiter';
import { changeLogSize, compareLedger, readNotCarried } from '../hydra/capture';
import { retireSyncRole } from '../hydra/sync';
import { lookForCommit } from './look-for-commit';
import { withLeft } from './support/with-left';
import { withEntered } from './support/with-entered';
import { type Step } from './step';
import { pathOfRun } from './support/of-side';
import { type SideName } from '../domain/sides';

/**
 * Compares every revocation that was captured on the left side with the entered one's ledger and counts changes that were never carried. Changes nothing
 * but that the login of the sync, which nobody needs any more, has no rights to our schema.
 *
 * @throws CutoverFault CHECK_FAILED (not committed) | CAPTURE_BROKEN (something went around the guards of the left side since the commit) | SYNC_FAILED (something is missing: the counts are in the details) |
 *   CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const proveDrain: Step<StepInput, DrainReceipt> = (deps, input, context) => {
  const { from, to } = deps.direction;
  return deps.databases.withSession(
    from,
    async (left) => {
      const committed = await committedAttempt(left, input.cutoverId, from);
      const { hydraSchema, sync } = deps.settings;
      const { batchRows, loginTtlMs } = sync;
      const compared = await withLeft(deps, context, 'drain proof', (named) =>
        withEntered(deps, input, context, 'drain proof', async (entered) => {
          await retireSyncRole(entered);
          return compareLedger(named, entered, {
            batchRows,
            signal: context.signal,
            onProgress: (captured) => context.heartbeat({ step: 'comparing', captured }),
          });
        }),
      );
      const { undone: undoneChanges } = await changeLogSize(left);
      const { captured, applied, missing, unknown, byKind } = compared;
      if (missing + unknown + undoneChanges > 0) {
        throw new CutoverFault(
          'SYNC_FAILED',
          `${missing} of ${captured} revocations are not in ${to}'s ledger, ${unknown} are in it but were not captured, and ` +
            `${undoneChanges} changes on ${from} were never carried to ${to} (allowed: 0); a token revoked on ${from} may be active on ${to}`,
          { captured, applied, missing, unknown, undoneChanges },
        );
      }
      const problems = await problemsSinceCommit(left);
      if (problems.length > 0) {
        throw new CutoverFault(
          'CAPTURE_BROKEN',
          `${from}'s guards or capture are not as they were when it was committed: ${problems.join('; ')}; a write may have gone around them, and is on ${from} alone. Compare those tables by hand; "nothing lost" cannot be claimed`,
          { problems },
        );
      }
      const notCarried = await withLeft(deps, context, 'drain proof', (named) =>
        readNotCarried(pathOfRun(deps), named, hydraSchema, committed.holdStartedAt, loginTtlMs),
      );
      return { captured, applied, missing, undoneChanges, byKind, notCarried };
    },
    { signal: context.signal, purpose: 'drain proof' },
  );
};

async function committedAttempt(left: DatabaseSession, cutoverId: string, side: SideName): Promise<AttemptDescription> {
  const { state, committed } = await lookForCommit(left, cutoverId);
  if (committed !== undefined) return committed;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} have not moved (${side}: ${state}); there is nothing to prove yet`,
  );
}
