import { type Config, type SideName } from '../../../config/schema';
import { fail, ok, warn, type DoctorCheck } from '../check';
import { withSession } from '../postgres-session';

/** What the SQL of this project is tested with. */
const SERVER_MAJOR_MIN = 13;
const SERVER_MAJOR_MAX = 18;

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
        const major = Math.floor(server.number / 10_000);
        const what = `${endpoint}: PostgreSQL ${server.version}`;
        if (server.replica) return fail(`${what} is a read replica`, `name the primary in ${side}.database.host`);
        if (major < SERVER_MAJOR_MIN || major > SERVER_MAJOR_MAX) {
          return fail(
            `${what}; supported are ${SERVER_MAJOR_MIN} to ${SERVER_MAJOR_MAX}`,
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
