import { CutoverFault } from '../domain/faults';
import { queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { guardProblems, readArbiter } from '../hydra/arbiter/arbiter';
import { guardTables } from '../hydra/arbiter/install-arbiter';
import { dropMigrationRole, readMigrations, reopenLogins } from '../hydra/closing';
import { migrationRoleOf } from './green/names';
import { withGreen } from './green/with-green';
import { type Step } from './step';

/**
 * Guards every table of migrated green, closed without an end, and only then lets in again whom blue lets in; passwords are as they
 * were. Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED (not migrated, or a guard that does not hold) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const guardGreen: Step<StepInput, { readonly tables: number }> = (deps, input, context) =>
  withGreen(deps, input, context, 'guard', async (green) => {
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
    if (side !== 'green' || !armed || problems.length > 0 || (state !== 'closed' && state !== 'open')) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `green's guards do not hold (state ${state}, armed ${armed}): ${problems.join('; ')}; nobody was let in`,
        { problems },
      );
    }
    await dropMigrationRole(green, migrationRoleOf(input.cutoverId));
    const [run] = await queryRows<{ roles: readonly string[]; tables: number }>(
      green,
      `SELECT array_remove(ARRAY[to_jsonb(run)->>'sync_role'], NULL) AS roles,
              (SELECT count(*)::float8 FROM hydra_cutover.guarded) AS tables FROM hydra_cutover.run`,
    );
    await reopenLogins(green, run?.roles ?? []);
    return { tables: run?.tables ?? 0 };
  });
