import { type Config, type SideName } from '../../../config/schema';
import { checkPrivileges, type PrivilegeFinding } from '../../../hydra/privileges';
import { toolRolesOf } from '../../privileges/privileges-of';
import { type CheckOutcome, fail, ok, warn, type DoctorCheck } from '../check';
import { withSession } from '../postgres-session';

/** The roles may do what the steps do, by the list that the plan and `privileges --check` go by. */
export function postgresRightsCheck(config: Config, side: SideName): DoctorCheck {
  return {
    id: `${side}-postgres-rights`,
    title: `${side} PostgreSQL rights`,
    run: (signal) =>
      withSession(config, side, signal, async (client) => {
        const { user } = config[side].database;
        const findings = await checkPrivileges(client, toolRolesOf(config), user);
        if (findings.length === 0) return ok(`${user} and the roles of a run may do what a cutover does`);
        const missing = findings.filter(({ kind }) => kind === 'missing');
        return missing.length > 0 ? told(fail, missing) : told(warn, findings);
      }),
  };
}

function told(outcome: typeof fail, findings: readonly PrivilegeFinding[]): CheckOutcome {
  return outcome(findings.map(({ what }) => what).join('; '), findings.map(({ fix }) => fix).join('; '));
}
