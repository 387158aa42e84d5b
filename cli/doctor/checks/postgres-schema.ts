import { HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { type Config, type SideName } from '../../../config/schema';
import { fail, info, ok, type CheckOutcome, type DoctorCheck } from '../check';
import { withSession } from '../postgres-session';

interface Schema {
  readonly client_table: boolean;
  readonly flow_table: boolean;
}

/**
 * The database holds the schema of the Hydra version that the config says. Readiness does not tell: Hydra 1.11 says that it
 * is ready on a database that somebody has migrated already.
 */
export function postgresSchemaCheck(config: Config, side: SideName): DoctorCheck {
  return {
    id: `${side}-postgres-schema`,
    title: `${side} Hydra schema`,
    run: (signal) =>
      withSession(config, side, signal, async (client, endpoint) => {
        const { rows } = await client.query<Schema>(
          `SELECT to_regclass(format('%I.hydra_client', $1::text)) IS NOT NULL AS client_table,
                  to_regclass(format('%I.hydra_oauth2_flow', $1::text)) IS NOT NULL AS flow_table`,
          [config[side].database.schema],
        );
        return judge(config, side, endpoint, rows[0] ?? { client_table: false, flow_table: false });
      }),
  };
}

function judge(config: Config, side: SideName, endpoint: string, schema: Schema): CheckOutcome {
  const version = config[side].hydraVersion;
  if (!schema.client_table) {
    if (side === 'green') return info(`${endpoint} has no Hydra tables; fine before the upgrade`);
    return fail(
      `${endpoint} has no table hydra_client in the schema ${config[side].database.schema}`,
      `check ${side}.database.name and ${side}.database.schema`,
    );
  }
  if (schema.flow_table === HYDRA_VERSION_FACTS[version].flowTable) return ok(`the schema fits Hydra ${version}`);
  if (side === 'green') return info(`the schema is not yet that of Hydra ${version}; the upgrade migrates it`);
  return fail(
    schema.flow_table
      ? `${endpoint} has the table hydra_oauth2_flow: it was migrated beyond Hydra ${version} already`
      : `${endpoint} lacks the table hydra_oauth2_flow of Hydra ${version}`,
    'check that blue.database names the database of blue and not that of green, and blue.hydraVersion the Hydra that serves there',
  );
}
