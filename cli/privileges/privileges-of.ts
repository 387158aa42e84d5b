import { type PolicyStatement, rdsPolicy } from '../../adapters/rds/rds-policy';
import { secretsPolicy } from '../../adapters/secrets-manager/secrets-policy';
import { type Config, type SideName } from '../../config/schema';
import { storedReferences } from '../../config/stored-secrets';
import { CutoverFault } from '../../domain/faults';
import { privilegesSql, revokeSql, type ToolRoles } from '../../hydra/privileges';

export interface IamOptions {
  /** @default any */
  readonly account?: string;
  /** @default that of the config, else any */
  readonly region?: string;
  readonly monitoringRoleArn?: string;
}

export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** Who needs what in the databases. */
export function toolRolesOf(config: Config): ToolRoles {
  const { blue, green, gateways } = config;
  return {
    tool: unique([blue.database.user, green.database.user]),
    workers: unique([blue, green].flatMap(({ database }) => database.worker?.user ?? [])),
    look: unique([blue, green].flatMap(({ database }) => database.look?.user ?? [])),
    sync: green.syncRole,
    migration: green.migrationRole,
    owner: blue.hydraRole.name,
    database: blue.database.name,
    schema: blue.database.schema,
    gateways: unique(gateways.flatMap(({ databaseRole }) => databaseRole ?? [])),
  };
}

/** The script for the master user of blue, or of a green that is no copy. @throws CutoverFault CHECK_FAILED when the tool would log in as Hydra itself */
export function sqlOf(config: Config, side: SideName = 'blue'): string {
  return privilegesSql(ownRolesOf(config), side);
}

/** The script that takes it back, on both sides. @throws CutoverFault CHECK_FAILED as {@link sqlOf}: Hydra itself would lose its login */
export function revokeSqlOf(config: Config): string {
  return revokeSql(ownRolesOf(config));
}

function ownRolesOf(config: Config): ToolRoles {
  const roles = toolRolesOf(config);
  if (roles.tool.includes(roles.owner)) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `the tool would log in as ${roles.owner}, the role of Hydra itself; give it a role of its own in blue.database.user and green.database.user`,
      { role: roles.owner },
    );
  }
  return roles;
}

/** The policy for the AWS credentials of the worker. */
export function iamPolicyOf(config: Config, options: IamOptions = {}): IamPolicy {
  const region = options.region ?? config.rds.region ?? '*';
  const scope = { partition: partitionOf(region), region, account: options.account ?? '*' };
  const [blueInstanceId, greenInstanceId] = [config.blue.rdsInstanceId, config.green.rdsInstanceId];
  const { monitoringRoleArn } = options;
  const rds =
    blueInstanceId === undefined || greenInstanceId === undefined
      ? []
      : rdsPolicy({ ...scope, blueInstanceId, greenInstanceId, monitoringRoleArn });
  const secrets = secretsPolicy(
    storedReferences(config).map(({ secretId }) => secretId),
    scope,
  );
  return { Version: '2012-10-17', Statement: [...rds, ...secrets] };
}

/** Source: AWS General Reference, "Amazon Resource Names (ARNs)". */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
