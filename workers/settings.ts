import { configDigest } from '../config/digest';
import { type Config } from '../config/schema';
import { CutoverFault } from '../domain/faults';
import { type InPlaceSettings } from '../domain/in-place/settings';
import { type InstanceOverrides } from '../domain/instance-plan';
import { type CutoverSettings } from '../domain/settings';
import { type SideName } from '../domain/sides';

/**
 * What the steps need of the config: plain values without secrets.
 *
 * @throws CutoverFault CONFIG_INVALID when the config is good for `doctor` but not for an upgrade; all problems in one
 */
export function toSettings(config: Config): CutoverSettings {
  const { blue, green, switchover } = config;
  const [blueInstanceId, greenInstanceId] = instanceIds(config);
  const workerRoles = rolesBySide(blue.database.worker, green.database.worker);
  const lookRoles = rolesBySide(blue.database.look, green.database.look);
  return {
    environment: { ...config.environment },
    configDigest: configDigest(config),
    hydraVersion: { blue: blue.hydraVersion, green: green.hydraVersion },
    hydraSchema: blue.database.schema,
    provider: {
      blueInstanceId,
      greenInstanceId,
      greenInstance: instanceOverrides(green.instance),
      waitDeadlineMs: config.rds.waitDeadlineMs,
      pollMs: config.rds.pollMs,
      keepSnapshot: config.retention.keepSnapshot,
      snapshotAgeMsMax: config.retention.snapshotAgeMsMax,
    },
    archive: config.retention.archive,
    ...(workerRoles && { workerRoles }),
    ...(lookRoles && { lookRoles }),
    green: {
      hydraRole: green.hydraRole.name,
      syncRole: green.syncRole,
      migrationRole: green.migrationRole,
      arbiterRoles: [...new Set(config.gateways.flatMap(({ databaseRole }) => databaseRole ?? []))].sort(),
    },
    sync: { ...config.sync },
    brake: {
      rowsPerSecond: config.brake.rowsPerSecond ?? null,
      replicationLagMsMax: config.brake.replicationLagMsMax,
      activeSessionsMax: config.brake.activeSessionsMax ?? null,
      probeMsMax: config.brake.probeMsMax,
    },
    cleaning: { ...config.cleaning },
    shadow: { ...config.shadow },
    migration: { ...config.migration },
    switchover: { ...switchover },
    validation: { ...config.validation },
    bake: {
      durationMs: config.bake.durationMs,
      pollMs: config.bake.pollMs,
      requestsMin: config.bake.requestsMin,
      errorRateMax: config.bake.errorRateMax,
      p95MsMax: config.bake.p95MsMax ?? null,
    },
    gates: gateSettings(config.gates),
    rehearsal: { ...config.rehearsal },
    accessTokenLifespanMs: config.levers.accessTokenLifespanMs ?? null,
  };
}

/** @returns undefined when the config has no step in place */
export function inPlaceSettings(config: Config): InPlaceSettings | undefined {
  const { inPlace, blue } = config;
  if (inPlace === undefined) return undefined;
  const { from, oldRole, newRole, migration, recycle, shares, judge, readyDeadlineMs } = inPlace;
  const { p95MsMax = null, ...limits } = judge;
  return {
    environment: config.environment.name,
    configDigest: configDigest(config),
    from,
    to: blue.hydraVersion,
    schema: blue.database.schema,
    owner: blue.hydraRole.name,
    oldRole,
    newRole,
    migration,
    recycle,
    shares,
    judge: { ...limits, p95MsMax },
    readyDeadlineMs,
    gates: gateSettings(config.gates),
  };
}

function gateSettings({ writesPerSecondMax, ...gates }: Config['gates']): CutoverSettings['gates'] {
  return { ...gates, writesPerSecondMax };
}

function instanceOverrides({ tags, leaveToRds, ...settings }: Config['green']['instance']): InstanceOverrides {
  return { settings, tags, leaveToRds };
}

function instanceIds(config: Config): readonly [blue: string, green: string] {
  const [blue, green] = [config.blue.rdsInstanceId, config.green.rdsInstanceId];
  if (blue !== undefined && green !== undefined) return [blue, green];
  const missing = (['blue', 'green'] as const)
    .filter((side) => config[side].rdsInstanceId === undefined)
    .map((side) => `${side}.rdsInstanceId`);
  throw new CutoverFault(
    'CONFIG_INVALID',
    `an upgrade copies blue through RDS, and ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing; add the identifiers of both instances`,
    { missing },
  );
}

interface NamedRole {
  readonly user: string;
}

/** @returns undefined where neither side names one */
function rolesBySide(blue?: NamedRole, green?: NamedRole): Partial<Record<SideName, string>> | undefined {
  if (blue === undefined && green === undefined) return undefined;
  return { ...(blue && { blue: blue.user }), ...(green && { green: green.user }) };
}
