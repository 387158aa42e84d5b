import { type Config, type SideName } from '../../../config/schema';
import { fail, ok, type DoctorCheck } from '../check';
import { askHydra } from '../hydra-admin';

/** Hydra of one side says that it is ready: its database answers and no migration of its own version is pending. */
export function hydraReadyCheck(config: Config, side: SideName): DoctorCheck {
  return {
    id: `${side}-hydra-ready`,
    title: `${side} Hydra ready`,
    run: (signal) =>
      askHydra(config, side, '/health/ready', signal, ({ status }) =>
        status === 200
          ? ok(`${config[side].adminUrl} is ready`)
          : fail(
              `${config[side].adminUrl}/health/ready answers ${status}, expected 200`,
              'read the log of that Hydra: its database does not answer, or migrations are pending; or the URL is not that of a Hydra admin API',
            ),
      ),
  };
}
