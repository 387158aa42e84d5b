import { CutoverFault } from '../domain/faults';
import { type DatabaseSession, type SessionOptions } from '../domain/ports/databases';
import { type FinalizeReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { describeArbiter, hasTakenWrites, markFinalized, readOutcome, removeArbiter } from '../hydra/arbiter';
import { forgetUser, readUser } from '../hydra/canary-user';
import { removeUserFromEntered } from './canary-user/follow-user';
import { removeCapture } from '../hydra/capture';
import { keepArchive } from '../hydra/arbiter/keep-archive';
import { releaseSyncRole } from '../hydra/sync/sync-role';
import { protectEntered, removeSnapshot } from './snapshot';
import { snapshotIdOf } from './support/names';
import { remainsOf } from './support/remains';
import { assertTargetsServe } from './support/read-targets';
import { type Step, type StepContext, type StepDeps } from './step';
import { type SideName } from '../domain/sides';

/**
 * Removes what the cutover needed. The left side keeps its guards and the committed row as long as its database exists, so that a Hydra
 * started there later still cannot write. The entered one keeps only what the cleaning rules changed, in schema `hydra_cutover_archive` and by
 * default as keys and hashes, and is protected from deletion as the left one was.
 *
 * Idempotent: goes on where it was killed. @returns what is left
 * @throws CutoverFault CHECK_FAILED (writes have not moved) | TARGET_FELL_BACK | TARGET_UNREACHABLE (retryable) | LOCK_BUSY (retryable) | DB_UNREACHABLE
 */
export const finalize: Step<StepInput, FinalizeReceipt> = async (deps, input, context) => {
  const { cutoverId } = input;
  const { signal } = context;
  const options = { signal, purpose: 'finalize' };
  const { from, to } = deps.direction;
  const moved = await deps.databases.withSession(from, (left) => assertMoved(left, cutoverId, from), options);
  const { epoch } = moved;
  // The last moment at which somebody is told: behind it nothing watches them any more.
  await assertTargetsServe(deps, epoch, 'finalize');
  await removeUser(deps, input, moved, options);
  const archive = await deps.databases.withSession(to, (entered) => cleanUp(deps, entered, moved), options);
  await protectEntered(deps, cutoverId, context);
  if (!deps.settings.provider.keepSnapshot) await removeSnapshot(deps, cutoverId, context);
  // Until here, what was captured can still be compared.
  await deps.databases.withSession(
    from,
    (left) => removeCapture(left, { cutoverId, ...lockOptions(context) }),
    options,
  );
  // Before the entered side's arbiter goes: a gateway that is new, or lost its state, asks the left one's then.
  await deps.databases.withSession(from, (left) => markFinalized(left, epoch), options);
  // Last: a database without it says to everybody that nothing is left to do.
  const removeLast = async (entered: DatabaseSession): Promise<void> => {
    if (await isStillThere(deps, entered, { ...moved, isFinalized: true }))
      await removeArbiter(entered, { cutoverId, ...lockOptions(context) });
  };
  await deps.databases.withSession(to, removeLast, options);
  const { keepSnapshot } = deps.settings.provider;
  const snapshot = keepSnapshot ? await deps.provider.describeSnapshot(snapshotIdOf(cutoverId)) : undefined;
  return { remains: remainsOf(deps, cutoverId, archive, snapshot?.createdAt) };
};

/** Whatever became of the canary user: nothing names him on the entered side, and what the left one kept of him is gone. */
async function removeUser(
  deps: StepDeps,
  input: StepInput,
  moved: Moved,
  options: SessionOptions & Pick<StepContext, 'signal'>,
): Promise<void> {
  const { from, to } = deps.direction;
  const known = await deps.databases.withSession(from, readUser, options);
  if (known === undefined) return;
  const isThere = await deps.databases.withSession(to, (entered) => isStillThere(deps, entered, moved), options);
  if (isThere) await removeUserFromEntered(deps, input, options);
  await deps.databases.withSession(from, forgetUser, options);
}

interface Moved {
  readonly cutoverId: string;
  readonly epoch: number;
  /** By the left side's own mark: the arbiter of the entered one may be gone since then, and not sooner. */
  readonly isFinalized: boolean;
}

async function assertMoved(left: DatabaseSession, cutoverId: string, side: SideName): Promise<Moved> {
  const found = await describeArbiter(left);
  if (found?.cutoverId === cutoverId && found.side === side && found.state === 'committed') {
    const { finalized } = await readOutcome(left);
    return { cutoverId, epoch: found.epoch, isFinalized: finalized };
  }
  throw new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} have not moved (${side}: ${found?.state ?? 'no arbiter'}); nothing was removed`,
  );
}

/** @returns the table of what was cleaned, where there is one */
async function cleanUp(deps: StepDeps, entered: DatabaseSession, moved: Moved): Promise<string | undefined> {
  const { archive, hydraSchema } = deps.settings;
  const { syncRole } = deps.settings.green;
  const { cutoverId } = moved;
  await isStillThere(deps, entered, moved);
  const kept = await keepArchive(entered, cutoverId, archive);
  await releaseSyncRole(entered, syncRole, hydraSchema);
  return kept;
}

/** @returns whether the entered side has its arbiter still @throws CutoverFault CROSSED_CONNECTION | CHECK_FAILED */
async function isStillThere(
  { direction: { to } }: StepDeps,
  entered: DatabaseSession,
  { cutoverId, epoch, isFinalized }: Moved,
): Promise<boolean> {
  const found = await describeArbiter(entered);
  if (found === undefined) {
    if (isFinalized) return false;
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as ${to} has no arbiter, and cutover ${cutoverId} was not finalized yet; nothing was removed; check the address of ${to}'s database`,
    );
  }
  if (found.cutoverId !== cutoverId || found.side !== to) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as ${to} is the ${found.side} side of cutover ${found.cutoverId}; nothing was removed`,
    );
  }
  // Also where an earlier try has begun to remove it.
  if (hasTakenWrites(found, to) && found.epoch === epoch) return true;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${to} is ${found.state} for epoch ${found.epoch}, not open for ${epoch}; nothing was removed`,
  );
}

function lockOptions({ signal, heartbeat }: StepContext) {
  return { signal, onTable: (table: string): void => heartbeat({ step: 'removing', table }) };
}
