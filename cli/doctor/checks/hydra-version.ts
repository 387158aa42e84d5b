import { type Config, type SideName } from '../../../config/schema';
import { fail, ok, warn, type DoctorCheck } from '../check';
import { askHydra } from '../hydra-admin';
import { parsedJson } from '../../../domain/json';

/** Hydra of one side is the version that the config says. */
export function hydraVersionCheck(config: Config, side: SideName): DoctorCheck {
  const expected = config[side].hydraVersion;
  return {
    id: `${side}-hydra-version`,
    title: `${side} Hydra version`,
    run: (signal) =>
      askHydra(config, side, '/version', signal, ({ status, body }) => {
        const found = status === 200 ? versionIn(body) : undefined;
        if (found === undefined) {
          return fail(
            `${config[side].adminUrl}/version answers ${status} without a version`,
            `check that ${side}.adminUrl is the admin API of a Hydra`,
          );
        }
        if (found === expected) return ok(found);
        if (!/^\d+\.\d+\.\d+/.test(found)) {
          return warn(`it calls itself ${found}, expected ${expected}`, 'make sure that this build is that version');
        }
        return fail(
          `it is ${found}, the config says ${expected}`,
          `correct ${side}.hydraVersion, or deploy ${expected}`,
        );
      }),
  };
}

/** `{"version":"v2.3.0"}` without the `v`, cut to a length that fits a line. */
function versionIn(body: string): string | undefined {
  const { version } = (parsedJson(body) ?? {}) as { version?: unknown };
  return typeof version === 'string' && version !== '' ? version.replace(/^v/, '').slice(0, 60) : undefined;
}
