import { CutoverFault } from '../domain/faults';
import { queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { guardProblems, readArbiter } from '../hydra/arbiter/arbiter';
import { grantArbiter, letLook } from '../hydra/arbiter/grant-arbiter';
import { guardTables } from '../hydra/arbiter/install-arbiter';
import { closeMigrationRole, readMigrations, reopenLogins, setRolePassword } from '../hydra/closing';
import { asRole } from '../hydra/run-roles';
import { grantSyncRole } from '../hydra/sync/sync-role';
import { withClosed } from './support/with-entered';
import { type Step } from './step';

/**
 * Guards every table of the migrated copy, closed without an end, and only then lets in again whom the left side lets in, the sync, and
 * Hydra with the password that is configured for the entered side (without one: as on the left one). Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED (not migrated, or a guard that does not hold) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const guardGreen: Step<StepInput, { readonly tables: number }> = (deps, input, context) =>
  withClosed(deps, input, context, 'guard', async (copy) => {
    const { to } = deps.direction;
    const { hydraSchema, hydraVersion } = deps.settings;
    const { complete, applied, expected } = await readMigrations(copy, hydraVersion[to], to);
    if (!complete) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `${to} is not migrated (${applied} of ${expected} migrations); tables made later would have no guard`,
      );
    }
    context.heartbeat({ step: 'guarding' });
    await guardTables(copy, { schema: hydraSchema });
    const { state, armed, side } = await readArbiter(copy);
    const problems = await guardProblems(copy);
    if (side !== to || !armed || problems.length > 0) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `${to}'s guards do not hold (state ${state}, armed ${armed}): ${problems.join('; ')}; nobody was let in`,
        { problems },
      );
    }
    const { arbiterRoles, hydraRole, migrationRole, syncRole } = deps.settings.green;
    await closeMigrationRole(copy, migrationRole);
    await grantSyncRole(copy, syncRole, hydraSchema);
    for (const role of arbiterRoles) await grantArbiter(copy, role);
    const look = deps.settings.lookRoles?.[to];
    if (look !== undefined) await letLook(copy, look);
    // As itself: nobody else may change a password without CREATEROLE.
    await deps.databases.withHydraPassword?.(to, (password) =>
      asRole(copy, hydraRole, () => setRolePassword(copy, hydraRole, password)),
    );
    await reopenLogins(copy);
    const [guarded] = await queryRows<{ tables: number }>(
      copy,
      'SELECT count(*)::float8 AS tables FROM hydra_cutover.guarded',
    );
    return { tables: guarded?.tables ?? 0 };
  });
