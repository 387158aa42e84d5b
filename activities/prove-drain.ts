import { CutoverFault } from '../domain/faults';
import { type DatabaseSession } from '../domain/ports/databases';
import { type DrainReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { type AttemptDescription, problemsSinceCommit } from '../hydra/arbiter';
import { changeLogSize, compareLedger, readNotCarried } from '../hydra/capture';
import { copyPathOf } from '../hydra/paths';
import { retireSyncRole } from '../hydra/sync';
import { lookForCommit } from './look-for-commit';
import { withBlue } from './green/with-blue';
import { withGreen } from './green/with-green';
import { type Step } from './step';

/**
 * Compares every revocation that blue captured with green's ledger and counts changes that were never carried. Changes nothing
 * but that the login of the sync, which nobody needs any more, has no rights to our schema.
 *
 * @throws CutoverFault CHECK_FAILED (not committed) | CAPTURE_BROKEN (something went around blue's guards since the commit) | SYNC_FAILED (something is missing: the counts are in the details) |
 *   CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const proveDrain: Step<StepInput, DrainReceipt> = (deps, input, context) =>
  deps.databases.withSession(
    'blue',
    async (blue) => {
      const committed = await committedAttempt(blue, input.cutoverId);
      const { hydraSchema, hydraVersion, sync } = deps.settings;
      const { batchRows, loginTtlMs } = sync;
      const compared = await withBlue(deps, context, 'drain proof', (named) =>
        withGreen(deps, input, context, 'drain proof', async (green) => {
          await retireSyncRole(green);
          return compareLedger(named, green, {
            batchRows,
            signal: context.signal,
            onProgress: (captured) => context.heartbeat({ step: 'comparing', captured }),
          });
        }),
      );
      const { undone: undoneChanges } = await changeLogSize(blue);
      const { captured, applied, missing, unknown, byKind } = compared;
      if (missing + unknown + undoneChanges > 0) {
        throw new CutoverFault(
          'SYNC_FAILED',
          `${missing} of ${captured} revocations are not in green's ledger, ${unknown} are in it but were not captured, and ` +
            `${undoneChanges} changes on blue were never carried to green (allowed: 0); a token revoked on blue may be active on green`,
          { captured, applied, missing, unknown, undoneChanges },
        );
      }
      const problems = await problemsSinceCommit(blue);
      if (problems.length > 0) {
        throw new CutoverFault(
          'CAPTURE_BROKEN',
          `blue's guards or capture are not as they were when it was committed: ${problems.join('; ')}; a write may have gone around them, and is on blue alone. Compare those tables by hand; "nothing lost" cannot be claimed`,
          { problems },
        );
      }
      const notCarried = await withBlue(deps, context, 'drain proof', (named) =>
        readNotCarried(copyPathOf(hydraVersion), named, hydraSchema, committed.holdStartedAt, loginTtlMs),
      );
      return { captured, applied, missing, undoneChanges, byKind, notCarried };
    },
    { signal: context.signal, purpose: 'drain proof' },
  );

async function committedAttempt(blue: DatabaseSession, cutoverId: string): Promise<AttemptDescription> {
  const { state, committed } = await lookForCommit(blue, cutoverId);
  if (committed !== undefined) return committed;
  throw new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} have not moved (blue: ${state}); there is nothing to prove yet`,
  );
}
