import { CutoverFault } from '../domain/faults';
import { type DatabaseSession, type SessionOptions } from '../domain/ports/databases';
import { type FinalizeReceipt } from '../domain/receipts';
import { type CutoverSettings } from '../domain/settings';
import { type StepInput } from '../domain/steps';
import { describeArbiter, hasTakenWrites, markFinalized, readOutcome, removeArbiter } from '../hydra/arbiter';
import { forgetUser, readUser } from '../hydra/canary-user';
import { removeFromGreen } from './canary-user/follow-user';
import { removeCapture } from '../hydra/capture';
import { keepArchive } from '../hydra/arbiter/keep-archive';
import { releaseSyncRole } from '../hydra/sync/sync-role';
import { protectGreen, removeSnapshot } from './snapshot';
import { snapshotIdOf } from './green/names';
import { remainsOf } from './green/remains';
import { assertTargetsServe } from './green/read-targets';
import { type Step, type StepContext, type StepDeps } from './step';

/**
 * Removes what the cutover needed. Blue keeps its guards and the committed row as long as its database exists, so that a Hydra
 * started there later still cannot write. Green keeps only what the cleaning rules changed, in schema `hydra_cutover_archive` and by default as keys and hashes, and is
 * protected from deletion as blue was.
 *
 * Idempotent: goes on where it was killed. @returns what is left
 * @throws CutoverFault CHECK_FAILED (writes have not moved to green) | TARGET_FELL_BACK | TARGET_UNREACHABLE (retryable) | LOCK_BUSY (retryable) | DB_UNREACHABLE
 */
export const finalize: Step<StepInput, FinalizeReceipt> = async (deps, input, context) => {
  const { cutoverId } = input;
  const { signal } = context;
  const options = { signal, purpose: 'finalize' };
  const moved = await deps.databases.withSession('blue', (blue) => assertMoved(blue, cutoverId), options);
  const { epoch } = moved;
  // The last moment at which somebody is told: behind it nothing watches them any more.
  await assertTargetsServe(deps, epoch, 'finalize');
  await removeUser(deps, input, moved, options);
  const archive = await deps.databases.withSession(
    'green',
    (green) => cleanGreen(green, moved, deps.settings),
    options,
  );
  await protectGreen(deps, cutoverId, context);
  if (!deps.settings.provider.keepSnapshot) await removeSnapshot(deps, cutoverId, context);
  // Until here, what blue captured can still be compared.
  await deps.databases.withSession(
    'blue',
    (blue) => removeCapture(blue, { cutoverId, ...lockOptions(context) }),
    options,
  );
  // Before green's arbiter goes: a gateway that is new, or lost its state, asks blue's then.
  await deps.databases.withSession('blue', (blue) => markFinalized(blue, epoch), options);
  // Last: a green without it says to everybody that nothing is left to do.
  const removeLast = async (green: DatabaseSession): Promise<void> => {
    if (await isStillThere(green, { ...moved, isFinalized: true }))
      await removeArbiter(green, { cutoverId, ...lockOptions(context) });
  };
  await deps.databases.withSession('green', removeLast, options);
  const { keepSnapshot } = deps.settings.provider;
  const snapshot = keepSnapshot ? await deps.provider.describeSnapshot(snapshotIdOf(cutoverId)) : undefined;
  return { remains: remainsOf(deps, cutoverId, archive, snapshot?.createdAt) };
};

/** Whatever became of the canary user: nothing names him on green, and what blue kept of him is gone. */
async function removeUser(
  deps: StepDeps,
  input: StepInput,
  moved: Moved,
  options: SessionOptions & Pick<StepContext, 'signal'>,
): Promise<void> {
  const known = await deps.databases.withSession('blue', readUser, options);
  if (known === undefined) return;
  const isThere = await deps.databases.withSession('green', (green) => isStillThere(green, moved), options);
  if (isThere) await removeFromGreen(deps, input, options);
  await deps.databases.withSession('blue', forgetUser, options);
}

interface Moved {
  readonly cutoverId: string;
  readonly epoch: number;
  /** By blue's own mark: green's arbiter may be gone since then, and not sooner. */
  readonly isFinalized: boolean;
}

async function assertMoved(blue: DatabaseSession, cutoverId: string): Promise<Moved> {
  const found = await describeArbiter(blue);
  if (found?.cutoverId === cutoverId && found.side === 'blue' && found.state === 'committed') {
    const { finalized } = await readOutcome(blue);
    return { cutoverId, epoch: found.epoch, isFinalized: finalized };
  }
  throw new CutoverFault(
    'CHECK_FAILED',
    `the writes of cutover ${cutoverId} have not moved (blue: ${found?.state ?? 'no arbiter'}); nothing was removed`,
  );
}

/** @returns the table of what was cleaned, where there is one */
async function cleanGreen(
  green: DatabaseSession,
  moved: Moved,
  { archive, hydraSchema, green: { syncRole } }: CutoverSettings,
): Promise<string | undefined> {
  const { cutoverId } = moved;
  await isStillThere(green, moved);
  const kept = await keepArchive(green, cutoverId, archive);
  await releaseSyncRole(green, syncRole, hydraSchema);
  return kept;
}

/** @returns whether green has its arbiter still @throws CutoverFault CROSSED_CONNECTION | CHECK_FAILED */
async function isStillThere(green: DatabaseSession, { cutoverId, epoch, isFinalized }: Moved): Promise<boolean> {
  const found = await describeArbiter(green);
  if (found === undefined) {
    if (isFinalized) return false;
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as green has no arbiter, and cutover ${cutoverId} was not finalized yet; nothing was removed; check the address of green's database`,
    );
  }
  if (found.cutoverId !== cutoverId || found.side !== 'green') {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as green is the ${found.side} side of cutover ${found.cutoverId}; nothing was removed`,
    );
  }
  // Also where an earlier try has begun to remove it.
  if (hasTakenWrites(found, 'green') && found.epoch === epoch) return true;
  throw new CutoverFault(
    'CHECK_FAILED',
    `green is ${found.state} for epoch ${found.epoch}, not open for ${epoch}; nothing was removed`,
  );
}

function lockOptions({ signal, heartbeat }: StepContext) {
  return { signal, onTable: (table: string): void => heartbeat({ step: 'removing', table }) };
}
