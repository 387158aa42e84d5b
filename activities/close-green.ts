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
import { assertAddresses } from './green/assert-addresses';
import { markClosed } from './green/instance-mark';
import { snapshotIdOf } from './green/names';
import { type Step } from './step';

/**
 * Makes the restored copy green: proves that it is one and not blue, drops what was copied of our schema on blue, gives it an
 * arbiter of its own (closed), and leaves nobody but us able to log in.
 *
 * Idempotent, and goes on where it was killed. Before the proof nothing is changed anywhere, nor on a green that is not closed.
 * @throws CutoverFault CROSSED_CONNECTION | CHECK_FAILED (made before capture began; roles that can still log in; green is open) |
 *   LOCK_BUSY | DB_UNREACHABLE
 */
export const closeGreen: Step<StepInput, void> = async (deps, { cutoverId }, context) => {
  const { signal } = context;
  const { databases } = deps;
  const { hydraRole, syncRole } = deps.settings.green;
  await assertAddresses(deps);
  const snapshotAt = (await deps.provider.describeSnapshot(snapshotIdOf(cutoverId)))?.createdAt;
  await databases.withSession(
    'blue',
    (blue) =>
      databases.withSession(
        'green',
        async (green) => {
          context.heartbeat({ step: 'proving' });
          await assertTwoServers(blue, green);
          await assertCopyOf(blue, green, cutoverId);
          if ((await readRunRow(green))?.side !== 'green') await assertFreshCopy(green, { snapshotAt, hydraRole });
          context.heartbeat({ step: 'closing' });
          await makeGreen(green, cutoverId);
          // From here on, in each transaction: green is closed, and nobody prepares it but this try.
          const ours = await becomePreparer(green, cutoverId);
          await markClosed(deps, cutoverId);
          await inTransaction(ours, 'BEGIN', 'COMMIT', () => installSyncTables(ours, { syncRole }));
          await closeLogins(ours);
          await endSessions(ours);
          const worker = deps.settings.workerRoles?.green;
          if (worker !== undefined) await letPrepare(ours, worker);
          await dropCopiedSchema(ours);
          const { hydraSchema } = deps.settings;
          const again = [
            ...(await switchOffForeignTriggers(ours, hydraSchema)),
            ...(await switchOffRowSecurity(ours, hydraSchema)),
          ];
          if (again.length > 0)
            deps.log.warn({ cutoverId, again }, 'triggers and row security of others are switched off on green');
        },
        { signal, purpose: 'close green' },
      ),
    { signal, purpose: 'close green' },
  );
};

/** Blue has a run row unless this is a rehearsal. Where it has one, the copy must carry the same, or a green of ours. */
async function assertCopyOf(blue: DatabaseSession, green: DatabaseSession, cutoverId: string): Promise<void> {
  const onBlue = await readRunRow(blue);
  if (onBlue !== undefined && (onBlue.side !== 'blue' || onBlue.cutoverId !== cutoverId)) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the database reached as blue is ${onBlue.side} of cutover ${onBlue.cutoverId}; nothing was changed; check blue's address`,
      { cutoverId },
    );
  }
  const own = await readRunRow(green);
  if (own?.side === 'green') {
    if (own.cutoverId !== cutoverId) throw notThatSide(own, cutoverId, 'green');
    return;
  }
  const copied = own ?? (await readRunRow(green, COPIED_SCHEMA));
  if (onBlue?.nonce === copied?.nonce) return;
  const seen = copied === undefined ? 'has no trace of it' : `is a copy from cutover ${copied.cutoverId}`;
  throw new CutoverFault(
    'CHECK_FAILED',
    `green was not copied while changes on blue were recorded: it ${seen}; delete it and its snapshot and take a new one`,
    { cutoverId },
  );
}

/** Whose schema is there says how far an earlier try came. */
async function makeGreen(green: DatabaseSession, cutoverId: string): Promise<void> {
  const own = await readRunRow(green);
  if (own?.side !== 'green') {
    if (own !== undefined) await setCopiedSchemaAside(green);
    await installArbiter(green, { side: 'green', cutoverId, initialState: 'closed', owner: OUR_ROLES.owner });
  }
  await dropCopiedTriggers(green);
}
