import { type DatabaseInstance, type DatabaseSettings, type SettingName } from './ports/database-provider';

/** What green gets instead of what blue has. */
export interface InstanceOverrides {
  readonly settings?: Partial<DatabaseSettings>;
  /** Besides those of blue. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Neither copied from blue nor compared: whatever a restore makes of them. */
  readonly leaveToRds?: readonly SettingName[];
}

/** One thing in which green is not as blue, for people. */
export interface InstanceDifference {
  readonly what: string;
  readonly blue: string;
  readonly green: string;
  readonly why: string;
}

/** How green's instance is made. */
export interface InstancePlan {
  /** What it has in the end. */
  readonly wanted: Partial<DatabaseSettings>;
  /** What the restore is given. */
  readonly restore: Partial<DatabaseSettings>;
  /** Blue's own and the operator's; those of the cutover come besides. */
  readonly tags: Readonly<Record<string, string>>;
  /** Meant or not to be avoided: what stands in the plan. */
  readonly differences: readonly InstanceDifference[];
  /** Why it cannot be made so. */
  readonly problems: readonly string[];
}

/**
 * When a setting can be given. `restore`: with the restore, and later; `modify`: only later; `snapshot`: never, it comes with the
 * data. Source: Amazon RDS API Reference, RestoreDBInstanceFromDBSnapshot and ModifyDBInstance.
 */
const SETTINGS: Readonly<Record<SettingName, 'restore' | 'modify' | 'snapshot'>> = {
  instanceClass: 'restore',
  allocatedStorageGib: 'restore',
  maxAllocatedStorageGib: 'modify',
  storageType: 'restore',
  iops: 'restore',
  storageThroughput: 'restore',
  dedicatedLogVolume: 'restore',
  multiAz: 'restore',
  publiclyAccessible: 'restore',
  port: 'restore',
  networkType: 'restore',
  autoMinorVersionUpgrade: 'restore',
  parameterGroup: 'restore',
  optionGroup: 'restore',
  subnetGroup: 'restore',
  securityGroups: 'restore',
  backupRetentionDays: 'restore',
  backupWindow: 'restore',
  maintenanceWindow: 'modify',
  deletionProtection: 'restore',
  copyTagsToSnapshot: 'restore',
  monitoringSeconds: 'modify',
  monitoringRoleArn: 'modify',
  performanceInsights: 'modify',
  performanceInsightsRetentionDays: 'modify',
  performanceInsightsKmsKey: 'modify',
  logExports: 'restore',
  iamAuthentication: 'restore',
  caCertificate: 'restore',
  storageEncrypted: 'snapshot',
  kmsKey: 'snapshot',
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Below it a gp3 volume of PostgreSQL has fixed figures, and RDS refuses to be told them. Source: Amazon RDS User Guide, "gp3 storage". */
const GP3_STRIPED_GIB = 400;

/** Tags of AWS itself cannot be set, and those of an earlier cutover are about that one. */
const TAGS_LEFT = /^(aws:|hydra-cutover:)/;

/** What green's instance must be to stand in for blue's. Pure. */
export function planInstance(blue: DatabaseInstance, overrides: InstanceOverrides = {}): InstancePlan {
  const { settings: changed = {}, leaveToRds = [] } = overrides;
  const wanted = without(asRdsTakesIt({ ...blue.settings, ...given(changed) }, changed), leaveToRds);
  const restorable = SETTING_NAMES.filter((name) => SETTINGS[name] === 'restore');
  const ownTags = Object.entries(blue.tags).filter(([key]) => !TAGS_LEFT.test(key));
  return {
    wanted,
    restore: given({ ...pick(wanted, restorable), ...unprotected(wanted) }),
    tags: { ...Object.fromEntries(ownTags), ...overrides.tags },
    differences: differencesOf(blue, wanted, overrides),
    problems: problemsOf(blue.settings, wanted, changed),
  };
}

/** What has to be changed on green as it is now. Deletion protection waits for {@link InstancePlan.wanted}. */
export function changesAfterRestore(plan: InstancePlan, green: DatabaseInstance): Partial<DatabaseSettings> {
  const now = { ...plan.wanted, ...unprotected(plan.wanted) };
  const names = SETTING_NAMES.filter((name) => SETTINGS[name] !== 'snapshot' && differs(now, green.settings, name));
  // One is nothing without the other.
  if (names.includes('monitoringSeconds')) names.push('monitoringRoleArn');
  if (names.includes('performanceInsightsRetentionDays')) names.push('performanceInsights');
  return given(pick(now, names));
}

/** Tags that green lacks. */
export function missingTags(plan: InstancePlan, green: DatabaseInstance): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(plan.tags).filter(([key, value]) => green.tags[key] !== value));
}

/** In what green, as it is now, is not what was planned: one line each. */
export function deviations(plan: InstancePlan, green: DatabaseInstance): readonly string[] {
  const now = { ...plan.wanted, ...unprotected(plan.wanted) };
  const settings = SETTING_NAMES.filter((name) => differs(now, green.settings, name)).map(
    (name) => `${name} is ${shown(green.settings[name])}, not ${shown(now[name])}`,
  );
  const tags = Object.keys(missingTags(plan, green)).map((key) => `tag ${key} is missing or has another value`);
  return [...settings, ...tags];
}

/** Whether `actual` has what `wanted` says of a setting; what it says nothing of is as it is. */
export function differs(
  wanted: Partial<DatabaseSettings>,
  actual: Partial<DatabaseSettings>,
  name: SettingName,
): boolean {
  return wanted[name] !== undefined && canonical(wanted[name]) !== canonical(actual[name]);
}

/** An undo must be able to remove green; who serves afterwards is protected again at finalize. */
function unprotected(wanted: Partial<DatabaseSettings>): Partial<DatabaseSettings> {
  return wanted.deletionProtection === undefined ? {} : { deletionProtection: false };
}

/** RDS shows values of some settings that it refuses to be given. */
function asRdsTakesIt(settings: DatabaseSettings, changed: Partial<DatabaseSettings>): Partial<DatabaseSettings> {
  const fixed: SettingName[] = [];
  const { storageType, allocatedStorageGib, monitoringSeconds, performanceInsights } = settings;
  const striped = storageType === 'gp3' && allocatedStorageGib >= GP3_STRIPED_GIB;
  if (!striped && !storageType.startsWith('io')) fixed.push('iops');
  if (!striped) fixed.push('storageThroughput');
  if (monitoringSeconds === 0) fixed.push('monitoringRoleArn');
  if (!performanceInsights) fixed.push('performanceInsightsRetentionDays', 'performanceInsightsKmsKey');
  // What somebody wrote is kept, to be refused with its reason.
  return without(
    settings,
    fixed.filter((name) => changed[name] === undefined),
  );
}

function problemsOf(
  blue: DatabaseSettings,
  wanted: Partial<DatabaseSettings>,
  changed: Partial<DatabaseSettings>,
): readonly string[] {
  const { storageType = blue.storageType, allocatedStorageGib = blue.allocatedStorageGib } = wanted;
  const problems: string[] = [];
  if (allocatedStorageGib < blue.allocatedStorageGib) {
    problems.push(
      `allocatedStorageGib is ${allocatedStorageGib}, and blue has ${blue.allocatedStorageGib}: RDS never makes storage smaller`,
    );
  }
  const provisioned = storageType.startsWith('io') || (storageType === 'gp3' && allocatedStorageGib >= GP3_STRIPED_GIB);
  if (provisioned && wanted.iops === undefined)
    problems.push(`${storageType} of ${allocatedStorageGib} GiB needs iops`);
  const told = (['iops', 'storageThroughput'] as const).filter((name) => changed[name] !== undefined);
  if (!provisioned && told.length > 0) {
    problems.push(
      `${told.join(' and ')} cannot be set for ${storageType} of ${allocatedStorageGib} GiB: RDS has fixed figures there`,
    );
  }
  if ((wanted.monitoringSeconds ?? 0) > 0 && wanted.monitoringRoleArn === undefined) {
    problems.push('monitoringSeconds needs monitoringRoleArn');
  }
  if (wanted.performanceInsights !== true && changed.performanceInsightsRetentionDays !== undefined) {
    problems.push('performanceInsightsRetentionDays needs performanceInsights');
  }
  return problems;
}

function differencesOf(
  blue: DatabaseInstance,
  wanted: Partial<DatabaseSettings>,
  { leaveToRds = [], tags = {} }: InstanceOverrides,
): readonly InstanceDifference[] {
  const meant = SETTING_NAMES.filter((name) => differs(wanted, blue.settings, name)).map((name) => ({
    ...{ what: name, blue: shown(blue.settings[name]), green: shown(wanted[name]) },
    why: `green.instance.${name}`,
  }));
  const left = leaveToRds.map((name) => ({
    ...{ what: name, blue: shown(blue.settings[name]), green: 'as RDS makes it' },
    why: 'green.instance.leaveToRds',
  }));
  const protection = { what: 'deletionProtection', blue: 'true', green: 'false' };
  const until =
    wanted.deletionProtection === true ? [{ ...protection, why: 'until finalize: an undo removes green' }] : [];
  const waiting = { what: 'parameters that wait for a reboot of blue', blue: 'not in force', green: 'in force' };
  const rebooted =
    blue.parameterStatus === 'pending-reboot' ? [{ ...waiting, why: 'green starts with its parameter group' }] : [];
  const tagged = Object.entries(tags)
    .filter(([key, value]) => blue.tags[key] !== value)
    .map(([key, value]) => ({
      what: `tag ${key}`,
      blue: shown(blue.tags[key]),
      green: value,
      why: 'green.instance.tags',
    }));
  const alone = (blue.notCopied ?? []).map((what) => ({
    ...{ what, blue: 'there', green: 'none' },
    why: 'RDS does not copy it: make one for green where it is needed, before the switchover',
  }));
  return [...meant, ...left, ...until, ...rebooted, ...tagged, ...alone];
}

/** RDS does not keep letter case of names and windows, nor the order of lists. */
function canonical(value: DatabaseSettings[SettingName]): string {
  if (Array.isArray(value)) return JSON.stringify([...(value as readonly string[])].sort());
  return String(value).toLowerCase();
}

function shown(value: DatabaseSettings[SettingName]): string {
  if (value === undefined) return 'none';
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

function pick(settings: Partial<DatabaseSettings>, names: readonly SettingName[]): Partial<DatabaseSettings> {
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

function without(settings: Partial<DatabaseSettings>, names: readonly SettingName[]): Partial<DatabaseSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.includes(name as SettingName)));
}

/** Without what is undefined: an absent value says nothing. */
function given(settings: Partial<DatabaseSettings>): Partial<DatabaseSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
