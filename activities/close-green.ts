import { CutoverFault } from '../domain/faults';
import { type DatabaseSession } from '../domain/ports/databases';
import { OUR_ROLES } from '../domain/our-roles';
import { type StepInput } from '../domain/steps';
import { installArbiter } from '../hydra/arbiter/install-arbiter';
import {
  COPIED_SCHEMA,
  assertFreshCopy,
  assertTwoServers,
  becomePreparer,
  closeLogins,
  dropCopiedSchema,
  dropCopiedTriggers,
  endSessions,
  letPrepare,
  notThatSide,
  readRunRow,
  setCopiedSchemaAside,
  switchOffForeignTriggers,
  switchOffRowSecurity,
} from '../hydra/closing';
import { inTransaction } from '../hydra/cleaning/session';
import { installSyncTables } from '../hydra/sync/install-sync-tables';
import { assertAddresses } from './support/assert-addresses';
import { markClosed } from './support/instance-mark';
import { snapshotIdOf } from './support/names';
import { type Step } from './step';
import { type Direction } from '../domain/sides';

/**
 * Makes the restored copy the side to be entered: proves that it is a copy and not the left side itself, drops what was copied of our schema
 * there, gives it an arbiter of its own (closed), and leaves nobody but us able to log in.
 *
 * Idempotent, and goes on where it was killed. Before the proof nothing is changed anywhere, nor on a copy that is not closed.
 * @throws CutoverFault CROSSED_CONNECTION | CHECK_FAILED (made before capture began; roles that can still log in; the copy is open) |
 *   LOCK_BUSY | DB_UNREACHABLE
 */
export const closeGreen: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const { signal } = context;
  const { databases, direction } = deps;
  const { from, to } = direction;
  const { hydraRole, syncRole } = deps.settings.green;
  await assertAddresses(deps);
  const snapshotAt = (await deps.provider.describeSnapshot(snapshotIdOf(cutoverId)))?.createdAt;
  await databases.withSession(
    from,
    (left) =>
      databases.withSession(
        to,
        async (copy) => {
          context.heartbeat({ step: 'proving' });
          await assertTwoServers({ direction, from: left, to: copy });
          await assertCopyOf({ direction, left, copy }, cutoverId);
          if ((await readRunRow(copy))?.side !== to) await assertFreshCopy(copy, { direction, snapshotAt, hydraRole });
          context.heartbeat({ step: 'closing' });
          await giveOwnArbiter(direction, copy, cutoverId);
          // From here on, in each transaction: the copy is closed, and nobody prepares it but this try.
          const ours = await becomePreparer(copy, cutoverId, to);
          await markClosed(deps, cutoverId);
          await inTransaction(ours, 'BEGIN', 'COMMIT', () => installSyncTables(ours, { syncRole }));
          await closeLogins(ours);
          await endSessions(ours);
          const worker = deps.settings.workerRoles?.[to];
          if (worker !== undefined) await letPrepare(ours, worker);
          await dropCopiedSchema(ours);
          const { hydraSchema } = deps.settings;
          const again = [
            ...(await switchOffForeignTriggers(ours, hydraSchema)),
            ...(await switchOffRowSecurity(ours, hydraSchema)),
          ];
          if (again.length > 0)
            deps.log.warn({ cutoverId, again }, `triggers and row security of others are switched off on ${to}`);
        },
        { signal, purpose: `close ${to}` },
      ),
    { signal, purpose: `close ${to}` },
  );
};

interface Pair {
  readonly direction: Direction;
  readonly left: DatabaseSession;
  readonly copy: DatabaseSession;
}

/** The left side has a run row unless this is a rehearsal. Where it has one, the copy must carry the same, or one of its own. */
async function assertCopyOf({ direction: { from, to }, left, copy }: Pair, cutoverId: string): Promise<void> {
  const onLeft = await readRunRow(left);
  if (onLeft !== undefined && (onLeft.side !== from || onLeft.cutoverId !== cutoverId)) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as ${from} is ${onLeft.side} of cutover ${onLeft.cutoverId}; nothing was changed; check ${from}'s address`,
      { cutoverId },
    );
  }
  const own = await readRunRow(copy);
  if (own?.side === to) {
    if (own.cutoverId !== cutoverId) throw notThatSide(own, cutoverId, to);
    return;
  }
  const copied = own ?? (await readRunRow(copy, COPIED_SCHEMA));
  if (onLeft?.nonce === copied?.nonce) return;
  const seen = copied === undefined ? 'has no trace of it' : `is a copy from cutover ${copied.cutoverId}`;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${to} was not copied while changes on ${from} were recorded: it ${seen}; delete it and its snapshot and take a new one`,
    { cutoverId },
  );
}

/** Whose schema is there says how far an earlier try came. */
async function giveOwnArbiter({ from, to }: Direction, copy: DatabaseSession, cutoverId: string): Promise<void> {
  const own = await readRunRow(copy);
  if (own?.side !== to) {
    if (own !== undefined) await setCopiedSchemaAside(copy, from);
    await installArbiter(copy, { side: to, cutoverId, initialState: 'closed', owner: OUR_ROLES.owner });
  }
  await dropCopiedTriggers(copy);
}
