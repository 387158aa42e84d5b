import { type Config, type SideName } from '../../../config/schema';
import { isSupportedPostgres, NEWEST_POSTGRES, OLDEST_POSTGRES } from '../../../domain/postgres-majors';
import { fail, ok, warn, type DoctorCheck } from '../check';
import { withSession } from '../postgres-session';

/** The database of one side can be logged into, is a primary, and is of a supported PostgreSQL version. */
export function postgresConnectionCheck(config: Config, side: SideName): DoctorCheck {
  return {
    id: `${side}-postgres-connection`,
    title: `${side} PostgreSQL`,
    run: (signal) =>
      withSession(config, side, signal, async (client, endpoint) => {
        const { rows } = await client.query<{ version: string; number: number; replica: boolean }>(
          `SELECT current_setting('server_version') AS version,
                  current_setting('server_version_num')::int AS number,
                  pg_is_in_recovery() AS replica`,
        );
        const server = rows[0] ?? { version: 'unknown', number: 0, replica: false };
        const what = `${endpoint}: PostgreSQL ${server.version}`;
        if (server.replica) return fail(`${what} is a read replica`, `name the primary in ${side}.database.host`);
        if (!isSupportedPostgres(server.number)) {
          return fail(
            `${what}; supported are ${OLDEST_POSTGRES} to ${NEWEST_POSTGRES}`,
            'upgrade PostgreSQL before Hydra',
          );
        }
        const { mode } = config[side].database.ssl;
        if (config.environment.production && (mode === 'disable' || mode === 'require')) {
          return warn(
            `${what}; TLS mode ${mode} does not verify the server`,
            `set ${side}.database.ssl.mode to verify-full`,
          );
        }
        return ok(what);
      }),
  };
}
