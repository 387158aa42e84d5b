import { CutoverFault } from '../domain/faults';
import { type DatabaseSession, type SessionOptions } from '../domain/ports/databases';
import { type SideName } from '../domain/sides';
import { type StepInput } from '../domain/steps';
import { describeArbiter } from '../hydra/arbiter';
import { forgetLifetimes, raiseLifetimes, restoreRaisedLifetimes } from '../hydra/capture';
import { hasSqlState } from '../hydra/sql-state';
import { type Step, type StepDeps } from './step';

type Clients = { readonly clients: number };

/**
 * Raises the access-token lifespans of clients on the left side to what the config says, so that fewer refreshes fall into the window.
 * Before the snapshot, so the entered one gets them, and what they were, with the copy. Idempotent; nothing without the setting.
 *
 * @throws CutoverFault LOCK_BUSY (retryable) | CHECK_FAILED (code of others would run with our rights) | DB_UNREACHABLE
 */
export const extendLifetimes: Step<StepInput, Clients> = async (deps, _input, context) => {
  const { accessTokenLifespanMs, hydraSchema: schema } = deps.settings;
  if (accessTokenLifespanMs === null) return { clients: 0 };
  const session = { signal: context.signal, purpose: 'extend lifetimes' };
  const { from } = deps.direction;
  const clients = await deps.databases.withSession(
    from,
    (keeper) =>
      withWriter(deps, from, keeper, session, (writer) =>
        raiseLifetimes(writer, accessTokenLifespanMs, { schema, side: from, keeper }),
      ),
    session,
  );
  return { clients };
};

/**
 * Gives back lifespans that were raised and that nobody changed since: on the side that serves, which is the entered one once the writes
 * have moved. Idempotent, and also what undoes {@link extendLifetimes}.
 *
 * @throws CutoverFault LOCK_BUSY (retryable: no side takes writes now) | DB_UNREACHABLE
 */
export const restoreLifetimes: Step<StepInput, Clients> = async (deps, { cutoverId }, context) => {
  const { databases, settings } = deps;
  const { from, to } = deps.direction;
  const session = { signal: context.signal, purpose: 'restore lifetimes' };
  const restore = (side: SideName, keeper: DatabaseSession): Promise<number> =>
    withWriter(deps, side, keeper, session, (writer) =>
      restoreRaisedLifetimes(writer, { schema: settings.hydraSchema, side, keeper }),
    );
  const onLeft = await databases.withSession(
    from,
    async (left) => {
      const found = await describeArbiter(left);
      // Another cutover may have raised them too, and needs them.
      if (found !== undefined && found.cutoverId !== cutoverId) return 0;
      const moved = found?.cutoverId === cutoverId && found.state === 'committed';
      return moved ? undefined : restore(from, left);
    },
    session,
  );
  if (onLeft !== undefined) return { clients: onLeft };
  const clients = await databases.withSession(to, (entered) => restore(to, entered), session);
  await databases.withSession(from, forgetLifetimes, session);
  return { clients };
};

/** Clients are Hydra's rows: written as the role for these, where the config names one. */
function withWriter(
  { databases, settings }: StepDeps,
  side: SideName,
  keeper: DatabaseSession,
  session: SessionOptions,
  work: (writer: DatabaseSession) => Promise<number>,
): Promise<number> {
  if (settings.workerRoles?.[side] === undefined) return unlessFenced(() => work(keeper));
  return databases.withSession(side, (writer) => unlessFenced(() => work(writer)), { ...session, as: 'worker' });
}

async function unlessFenced(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!hasSqlState(error, 'writeRefused')) throw error;
    throw new CutoverFault(
      'LOCK_BUSY',
      'the database refuses writes to clients now; token lifetimes stay as they are until this is tried again',
      {},
      error,
    );
  }
}
