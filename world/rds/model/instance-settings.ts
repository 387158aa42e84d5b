import { type QueryParameters } from '../protocol/query-parameters';
import { RdsError } from '../protocol/rds-error';
import { invalid, optionalBoolean, optionalInteger, optionalMatching } from '../protocol/read-parameters';

/**
 * What is stored of an instance besides its data. Most of it changes nothing here, but a caller that compares two instances
 * must find AWS's values, and AWS's surprises: what a restore takes over and what it silently resets.
 */
export interface InstanceSettings {
  readonly DBInstanceClass: string;
  readonly AllocatedStorage: number;
  readonly StorageType: string;
  readonly Iops?: number;
  readonly StorageThroughput?: number;
  readonly MaxAllocatedStorage?: number;
  readonly MultiAZ: boolean;
  readonly PubliclyAccessible: boolean;
  readonly AutoMinorVersionUpgrade: boolean;
  /** Asked for and told; on loopback, where all instances share an address, they listen elsewhere. */
  readonly Port: number;
  readonly DBParameterGroupName: string;
  readonly OptionGroupName: string;
  readonly DBSubnetGroupName: string;
  readonly VpcSecurityGroupIds: readonly string[];
  readonly BackupRetentionPeriod: number;
  readonly PreferredBackupWindow: string;
  readonly PreferredMaintenanceWindow: string;
  readonly DeletionProtection: boolean;
  readonly CopyTagsToSnapshot: boolean;
  readonly MonitoringInterval: number;
  readonly MonitoringRoleArn?: string;
  readonly EnablePerformanceInsights: boolean;
  readonly PerformanceInsightsRetentionPeriod?: number;
  readonly PerformanceInsightsKMSKeyId?: string;
  readonly EnableCloudwatchLogsExports: readonly string[];
  readonly EnableIAMDatabaseAuthentication: boolean;
  readonly CACertificateIdentifier: string;
  readonly StorageEncrypted: boolean;
  readonly KmsKeyId?: string;
}

export type SettingName = keyof InstanceSettings;
type Given = { -readonly [Name in SettingName]?: InstanceSettings[Name] };

interface Setting<Name extends SettingName> {
  readonly read: (parameters: QueryParameters, name: Name) => InstanceSettings[Name] | undefined;
  /** How a modification names it, where that differs. */
  readonly modifiedAs?: string;
  /** What a new instance gets that says nothing. */
  readonly initial: InstanceSettings[Name];
  /** `inherit`: from the snapshot unless given. `default`: as a new instance unless given. */
  readonly onRestore: 'inherit' | 'default' | { readonly notAParameter: 'inherit' | 'default' };
  /** `atOnce`: with the answer. `soon`: while the instance is modifying. `window`: waits unless ApplyImmediately. */
  readonly onModify: 'atOnce' | 'soon' | 'window' | 'notAParameter';
}

const text = (pattern: RegExp, rule: string) => (parameters: QueryParameters, name: string) =>
  optionalMatching(parameters, name, pattern, rule);
const integer = (min: number, max: number) => (parameters: QueryParameters, name: string) =>
  optionalInteger(parameters, name, { min, max });
const KEY = text(/^[\w:/-]{1,2048}$/, 'a key id or ARN');
const NAME = text(/^[a-z][a-z0-9.:-]{0,254}$/i, 'a name of letters, digits, dots, colons and hyphens');

/** Below it gp3 has fixed figures, and cannot be told others. Source: Amazon RDS User Guide, "gp3 storage". */
const GP3_STRIPED_GIB = 400;
const GP3_IOPS = 3_000;
const GP3_THROUGHPUT = 125;

/** Figures of the storage as they are shown: those of gp3 also where nobody asked for them. */
export function shownStorage({ StorageType, Iops, StorageThroughput }: InstanceSettings): {
  readonly Iops: number | undefined;
  readonly StorageThroughput: number | undefined;
} {
  if (StorageType !== 'gp3') return { Iops, StorageThroughput };
  return { Iops: Iops ?? GP3_IOPS, StorageThroughput: StorageThroughput ?? GP3_THROUGHPUT };
}

/** Source: Amazon RDS API Reference, CreateDBInstance, ModifyDBInstance, RestoreDBInstanceFromDBSnapshot. */
const SETTINGS: { readonly [Name in SettingName]-?: Setting<Name> } = {
  DBInstanceClass: {
    read: text(/^db\.[a-z0-9-]+\.[a-z0-9]+$/, 'an instance class such as db.t4g.medium'),
    initial: 'db.t4g.medium',
    onRestore: 'inherit',
    onModify: 'window',
  },
  AllocatedStorage: { read: integer(5, 65_536), initial: 20, onRestore: 'inherit', onModify: 'window' },
  StorageType: {
    read: text(/^(gp2|gp3|io1|io2|standard)$/, 'one of gp2, gp3, io1, io2, standard'),
    initial: 'gp3',
    onRestore: 'inherit',
    onModify: 'window',
  },
  Iops: { read: integer(1_000, 256_000), initial: undefined, onRestore: 'inherit', onModify: 'window' },
  StorageThroughput: { read: integer(125, 16_000), initial: undefined, onRestore: 'inherit', onModify: 'window' },
  MaxAllocatedStorage: {
    read: integer(5, 65_536),
    initial: undefined,
    onRestore: { notAParameter: 'default' },
    onModify: 'soon',
  },
  MultiAZ: { read: optionalBoolean, initial: false, onRestore: 'default', onModify: 'window' },
  PubliclyAccessible: { read: optionalBoolean, initial: false, onRestore: 'default', onModify: 'soon' },
  AutoMinorVersionUpgrade: { read: optionalBoolean, initial: true, onRestore: 'inherit', onModify: 'soon' },
  Port: {
    read: integer(1_150, 65_535),
    modifiedAs: 'DBPortNumber',
    initial: 5432,
    onRestore: 'inherit',
    onModify: 'soon',
  },
  OptionGroupName: { read: NAME, initial: 'default', onRestore: 'default', onModify: 'soon' },
  DBParameterGroupName: { read: NAME, initial: 'default', onRestore: 'default', onModify: 'soon' },
  DBSubnetGroupName: { read: NAME, initial: 'default', onRestore: 'default', onModify: 'soon' },
  VpcSecurityGroupIds: {
    read: (parameters, name) => checkGroups(parameters.texts(name, 'VpcSecurityGroupId')),
    initial: ['sg-default'],
    onRestore: 'default',
    onModify: 'soon',
  },
  BackupRetentionPeriod: { read: integer(0, 35), initial: 1, onRestore: 'inherit', onModify: 'soon' },
  PreferredBackupWindow: {
    read: text(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'a time range such as 03:00-03:30'),
    initial: '03:00-03:30',
    onRestore: 'inherit',
    onModify: 'soon',
  },
  PreferredMaintenanceWindow: {
    read: text(/^[a-z]{3}:\d\d:\d\d-[a-z]{3}:\d\d:\d\d$/i, 'a range such as sun:04:00-sun:04:30'),
    initial: 'sun:04:00-sun:04:30',
    onRestore: { notAParameter: 'inherit' },
    onModify: 'soon',
  },
  DeletionProtection: { read: optionalBoolean, initial: false, onRestore: 'default', onModify: 'atOnce' },
  CopyTagsToSnapshot: { read: optionalBoolean, initial: false, onRestore: 'default', onModify: 'atOnce' },
  MonitoringInterval: {
    read: integer(0, 60),
    initial: 0,
    onRestore: { notAParameter: 'default' },
    onModify: 'soon',
  },
  MonitoringRoleArn: {
    read: text(/^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of a role'),
    initial: undefined,
    onRestore: { notAParameter: 'default' },
    onModify: 'soon',
  },
  EnablePerformanceInsights: {
    read: optionalBoolean,
    initial: false,
    onRestore: { notAParameter: 'default' },
    onModify: 'soon',
  },
  PerformanceInsightsRetentionPeriod: {
    read: integer(7, 731),
    initial: undefined,
    onRestore: { notAParameter: 'default' },
    onModify: 'soon',
  },
  PerformanceInsightsKMSKeyId: {
    read: KEY,
    initial: undefined,
    onRestore: { notAParameter: 'default' },
    onModify: 'soon',
  },
  EnableCloudwatchLogsExports: {
    read: (parameters, name) => checkLogs(parameters.texts(name, 'member')),
    initial: [],
    onRestore: 'default',
    // A modification says what to begin and what to end: logsForModify.
    onModify: 'soon',
  },
  EnableIAMDatabaseAuthentication: { read: optionalBoolean, initial: false, onRestore: 'default', onModify: 'soon' },
  CACertificateIdentifier: { read: NAME, initial: 'rds-ca-rsa2048-g1', onRestore: 'default', onModify: 'window' },
  StorageEncrypted: {
    read: optionalBoolean,
    initial: false,
    onRestore: { notAParameter: 'inherit' },
    onModify: 'notAParameter',
  },
  KmsKeyId: {
    read: KEY,
    initial: undefined,
    onRestore: { notAParameter: 'inherit' },
    onModify: 'notAParameter',
  },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Settings of a new instance. @throws RdsError InvalidParameterValue | InvalidParameterCombination */
export function settingsForCreate(parameters: QueryParameters, major: number): InstanceSettings {
  const initial = { ...defaults(), DBParameterGroupName: `default.postgres${major}` };
  return checked({ ...initial, ...readGiven(parameters, () => true) });
}

/** What a restore call names. What it does not is decided by {@link settingsForRestore}. */
export function givenForRestore(parameters: QueryParameters): Partial<InstanceSettings> {
  return readGiven(parameters, (name) => typeof SETTINGS[name].onRestore === 'string');
}

/**
 * Settings of a restored instance: storage, class and backup times come from the snapshot; network, parameter group,
 * protection and monitoring are AWS's defaults unless given, whatever the original had.
 */
export function settingsForRestore(
  snapshot: InstanceSettings,
  given: Partial<InstanceSettings>,
  major: number,
): InstanceSettings {
  const initial: Given = { ...defaults(), DBParameterGroupName: `default.postgres${major}` };
  for (const name of SETTING_NAMES) {
    const { onRestore } = SETTINGS[name];
    const rule = typeof onRestore === 'string' ? onRestore : onRestore.notAParameter;
    if (rule === 'inherit') Object.assign(initial, { [name]: snapshot[name] });
  }
  return checked({ ...initial, ...given } as InstanceSettings);
}

export interface SettingsChange {
  readonly atOnce: Partial<InstanceSettings>;
  readonly soon: Partial<InstanceSettings>;
  /** Waits, unless the call says ApplyImmediately. */
  readonly window: Partial<InstanceSettings>;
}

/** What a modification names. */
export function givenForModify(parameters: QueryParameters): Partial<InstanceSettings> {
  const names = (name: SettingName): boolean =>
    name !== 'EnableCloudwatchLogsExports' && SETTINGS[name].onModify !== 'notAParameter';
  return readGiven(parameters, names, (name) => SETTINGS[name].modifiedAs ?? name);
}

/** What a modification makes of the list of exported logs; undefined when it says nothing of it. */
export function logsForModify(
  parameters: QueryParameters,
): ((current: readonly string[]) => readonly string[]) | undefined {
  const change = parameters.structure('CloudwatchLogsExportConfiguration');
  if (change === undefined) return undefined;
  const begin = checkLogs(change.texts('EnableLogTypes', 'member')) ?? [];
  const end = checkLogs(change.texts('DisableLogTypes', 'member')) ?? [];
  if (change.unread().length > 0) throw invalid('CloudwatchLogsExportConfiguration has fields that are not known.');
  return (current) => [...new Set([...current.filter((log) => !end.includes(log)), ...begin])].sort();
}

/** What a modification changes on this instance, and when. @throws RdsError InvalidParameterCombination */
export function settingsForModify(current: InstanceSettings, given: Partial<InstanceSettings>): SettingsChange {
  checked({ ...current, ...given });
  const changed = Object.entries(given).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(current[name as SettingName]),
  );
  const pick = (when: 'atOnce' | 'soon' | 'window'): Partial<InstanceSettings> =>
    Object.fromEntries(changed.filter(([name]) => SETTINGS[name as SettingName].onModify === when));
  return { atOnce: pick('atOnce'), soon: pick('soon'), window: pick('window') };
}

function readGiven(
  parameters: QueryParameters,
  wanted: (name: SettingName) => boolean,
  calledAs: (name: SettingName) => string = (name) => name,
): Given {
  const given: Given = {};
  for (const name of SETTING_NAMES) {
    if (!wanted(name)) continue;
    // One row's reader and name belong together, which the union of all rows cannot express.
    const value = (SETTINGS[name] as unknown as Setting<never>).read(parameters, calledAs(name) as never);
    if (value !== undefined) Object.assign(given, { [name]: value });
  }
  return given;
}

function defaults(): InstanceSettings {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].initial])) as unknown as InstanceSettings;
}

/** @throws RdsError InvalidParameterCombination for values that exclude each other */
function checked(settings: InstanceSettings): InstanceSettings {
  const combination = (message: string): never => {
    throw new RdsError('InvalidParameterCombination', message);
  };
  if (settings.MonitoringInterval > 0 && settings.MonitoringRoleArn === undefined) {
    combination('A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.');
  }
  if (![0, 1, 5, 10, 15, 30, 60].includes(settings.MonitoringInterval)) {
    throw invalid('Invalid value for MonitoringInterval: valid values are 0, 1, 5, 10, 15, 30, 60.');
  }
  if (settings.StorageType.startsWith('io') && settings.Iops === undefined) {
    combination(`You must specify Iops when using storage type ${settings.StorageType}.`);
  }
  const fixedFigures = settings.StorageType === 'gp3' && settings.AllocatedStorage < GP3_STRIPED_GIB;
  if (fixedFigures && (settings.Iops !== undefined || settings.StorageThroughput !== undefined)) {
    combination(
      `You can't specify IOPS or storage throughput for engine postgres and a storage size less than ${GP3_STRIPED_GIB}.`,
    );
  }
  if (settings.MaxAllocatedStorage !== undefined && settings.MaxAllocatedStorage < settings.AllocatedStorage) {
    throw invalid('Max storage size must be greater than storage size.');
  }
  if (settings.PerformanceInsightsRetentionPeriod !== undefined && !settings.EnablePerformanceInsights) {
    combination('PerformanceInsightsRetentionPeriod needs EnablePerformanceInsights.');
  }
  return settings;
}

function checkLogs(logs: string[] | undefined): string[] | undefined {
  const unknown = logs?.find((log) => !['postgresql', 'upgrade', 'iam-db-auth-error'].includes(log));
  if (unknown !== undefined) {
    throw new RdsError(
      'InvalidParameterCombination',
      'You cannot use a log type that the engine postgres does not have.',
    );
  }
  return logs?.sort();
}

function checkGroups(groups: string[] | undefined): string[] | undefined {
  if (groups === undefined || groups.length === 0) return undefined;
  if (groups.some((group) => !/^sg-[a-z0-9-]{1,64}$/.test(group))) throw invalid('Invalid security group id.');
  return groups;
}
