import { CutoverFault } from '../domain/faults';
import { queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { guardProblems, readArbiter } from '../hydra/arbiter/arbiter';
import { grantArbiter, letLook } from '../hydra/arbiter/grant-arbiter';
import { guardTables } from '../hydra/arbiter/install-arbiter';
import { closeMigrationRole, readMigrations, reopenLogins, setRolePassword } from '../hydra/closing';
import { asRole } from '../hydra/run-roles';
import { grantSyncRole } from '../hydra/sync/sync-role';
import { withClosedGreen } from './green/with-green';
import { type Step } from './step';

/**
 * Guards every table of migrated green, closed without an end, and only then lets in again whom blue lets in, the sync, and
 * Hydra with the password that is configured for green (without one: as on blue). Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED (not migrated, or a guard that does not hold) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const guardGreen: Step<StepInput, { readonly tables: number }> = (deps, input, context) =>
  withClosedGreen(deps, input, context, 'guard', async (green) => {
    const { hydraSchema, hydraVersion } = deps.settings;
    const { complete, applied, expected } = await readMigrations(green, hydraVersion.green);
    if (!complete) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `green is not migrated (${applied} of ${expected} migrations); tables made later would have no guard`,
      );
    }
    context.heartbeat({ step: 'guarding' });
    await guardTables(green, { schema: hydraSchema });
    const { state, armed, side } = await readArbiter(green);
    const problems = await guardProblems(green);
    if (side !== 'green' || !armed || problems.length > 0) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `green's guards do not hold (state ${state}, armed ${armed}): ${problems.join('; ')}; nobody was let in`,
        { problems },
      );
    }
    const { arbiterRoles, hydraRole, migrationRole, syncRole } = deps.settings.green;
    await closeMigrationRole(green, migrationRole);
    await grantSyncRole(green, syncRole, hydraSchema);
    for (const role of arbiterRoles) await grantArbiter(green, role);
    const look = deps.settings.lookRoles?.green;
    if (look !== undefined) await letLook(green, look);
    // As itself: nobody else may change a password without CREATEROLE.
    await deps.databases.withHydraPassword?.('green', (password) =>
      asRole(green, hydraRole, () => setRolePassword(green, hydraRole, password)),
    );
    await reopenLogins(green);
    const [guarded] = await queryRows<{ tables: number }>(
      green,
      'SELECT count(*)::float8 AS tables FROM hydra_cutover.guarded',
    );
    return { tables: guarded?.tables ?? 0 };
  });
