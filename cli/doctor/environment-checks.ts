import { SIDES, type Config } from '../../config/schema';
import { type DoctorCheck } from './check';
import { jobCheck, targetCheck } from './checks/dependents';
import { gatewayCheck } from './checks/gateway';
import { hydraReadyCheck } from './checks/hydra-ready';
import { hydraVersionCheck } from './checks/hydra-version';
import { postgresConnectionCheck } from './checks/postgres-connection';
import { postgresRightsCheck } from './checks/postgres-rights';
import { postgresSchemaCheck } from './checks/postgres-schema';
import { rdsInstanceCheck } from './checks/rds-instance';
import { temporalNamespaceCheck } from './checks/temporal-namespace';
import { temporalSearchAttributesCheck } from './checks/temporal-search-attributes';
import { nodeVersionCheck } from './machine/node-version';

/** The checks of `doctor --config`, in the order of the report. */
export function environmentChecks(config: Config, env: NodeJS.ProcessEnv): readonly DoctorCheck[] {
  const managed = SIDES.filter((side) => config[side].rdsInstanceId !== undefined);
  return [
    nodeVersionCheck(),
    temporalNamespaceCheck(config.temporal, env),
    temporalSearchAttributesCheck(config.temporal, env),
    ...managed.map((side) => rdsInstanceCheck(config, side)),
    ...SIDES.flatMap((side) => [
      postgresConnectionCheck(config, side),
      postgresRightsCheck(config, side),
      postgresSchemaCheck(config, side),
      hydraReadyCheck(config, side),
      hydraVersionCheck(config, side),
    ]),
    ...config.gateways.map((gateway) => gatewayCheck(gateway)),
    ...config.targets.map((target) => targetCheck(target)),
    ...config.jobs.map((job) => jobCheck(job)),
  ];
}
