/**
 * Whoever runs the database instances: makes copies of blue and removes them again.
 *
 * Names are the caller's and deterministic, so a repeat finds what the first call made. Everything made carries
 * {@link CUTOVER_TAG}; what does not carry the caller's cutover id is never adopted, changed or removed.
 */
export interface DatabaseProvider {
  /** @returns undefined when there is no such instance */
  describeInstance(instanceId: string): Promise<DatabaseInstance | undefined>;

  /** @returns undefined when there is no such snapshot */
  describeSnapshot(snapshotId: string): Promise<DatabaseSnapshot | undefined>;

  /**
   * Begins a snapshot of an instance, or finds the one that this cutover began before. One of ours that failed is removed and
   * begun again. Does not wait for it.
   *
   * @throws CutoverFault CHECK_FAILED (the name is taken by something that is not ours, or is of another instance) | RDS_BUSY |
   *   RDS_FAILED | RDS_UNREACHABLE
   */
  createOrAdoptSnapshot(request: SnapshotRequest): Promise<DatabaseSnapshot>;

  /**
   * Begins an instance from a snapshot, or finds the one that this cutover began before. One of ours that failed is being
   * removed afterwards, and RDS_BUSY asks to try again. Does not wait for it.
   *
   * @throws CutoverFault CHECK_FAILED (the name is taken by something that is not ours, or came from another snapshot) |
   *   RDS_BUSY | RDS_FAILED | RDS_UNREACHABLE
   */
  restoreOrAdopt(request: RestoreRequest): Promise<DatabaseInstance>;

  /** @throws CutoverFault RDS_FAILED (a status that does not become available) | RDS_BUSY (deadline); the signal's reason */
  waitUntilInstanceAvailable(instanceId: string, wait: WaitOptions): Promise<DatabaseInstance>;

  /** As {@link waitUntilInstanceAvailable}. */
  waitUntilSnapshotAvailable(snapshotId: string, wait: WaitOptions): Promise<DatabaseSnapshot>;

  /**
   * Changes settings of an instance of ours now and waits until they are in force: the ones that a restore cannot be given.
   * Idempotent. One that the provider accepted and yet does not show is waited for in vain for some looks only: who asked
   * compares what comes back.
   */
  applySettings(request: SettingsRequest, wait: WaitOptions): Promise<DatabaseInstance>;

  /**
   * Restarts an instance of ours, so that its parameters are in force, and waits until it serves.
   *
   * @throws CutoverFault CHECK_FAILED (not ours) | RDS_FAILED | RDS_BUSY (deadline)
   */
  rebootInstance(request: InstanceRequest, wait: WaitOptions): Promise<DatabaseInstance>;

  /** Adds tags to an instance of ours. Idempotent. */
  tagInstance(request: TagRequest): Promise<void>;

  /** Gives the master user of an instance of ours a new password and waits until it is in force. Idempotent. */
  modifyMasterPassword(request: PasswordRequest, wait: WaitOptions): Promise<void>;

  /**
   * Removes an instance of ours without a final snapshot and waits until it is gone. An absent one is no error. While it is in
   * a status that cannot be deleted yet, it is waited for.
   *
   * @throws CutoverFault CHECK_FAILED (not ours) | RDS_FAILED (deletion protection) | RDS_BUSY (deadline)
   */
  deleteInstance(request: DeleteInstanceRequest, wait: WaitOptions): Promise<void>;

  /** As {@link deleteInstance}, for a snapshot. */
  deleteSnapshot(request: DeleteSnapshotRequest, wait: WaitOptions): Promise<void>;
}

/** Tag on everything a cutover makes; its value is the cutover id. */
export const CUTOVER_TAG = 'hydra-cutover:cutover-id';

/** Tag on the instance of a copy that says how far it was prepared, readable without its database. */
export const COPY_MARK = 'hydra-cutover:green';

/** Value of {@link COPY_MARK} until the instance has an arbiter of its own: one that never had any was never opened. */
export const COPY_RESTORED = 'restored';

/** Tag on a restored instance; its value is the snapshot it was made from. */
export const SNAPSHOT_TAG = 'hydra-cutover:snapshot-id';

export interface SnapshotRequest {
  readonly cutoverId: string;
  readonly instanceId: string;
  readonly snapshotId: string;
  /** The operator's own tags, besides ours. */
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RestoreRequest {
  readonly cutoverId: string;
  readonly snapshotId: string;
  readonly instanceId: string;
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * What the restored instance gets instead of the provider's defaults. On RDS these are not taken from the snapshot: network,
   * parameter group, Multi-AZ, protection. Settings that a restore cannot be given (monitoring, Performance Insights,
   * maintenance window) are left out here: {@link DatabaseProvider.applySettings}.
   */
  readonly settings?: Partial<DatabaseSettings>;
}

export interface SettingsRequest {
  readonly cutoverId: string;
  readonly instanceId: string;
  readonly settings: Partial<DatabaseSettings>;
}

export interface InstanceRequest {
  readonly cutoverId: string;
  readonly instanceId: string;
}

export interface TagRequest extends InstanceRequest {
  readonly tags: Readonly<Record<string, string>>;
}

export interface PasswordRequest {
  readonly cutoverId: string;
  readonly instanceId: string;
  readonly password: string;
}

export type DeleteInstanceRequest = InstanceRequest;

export interface DeleteSnapshotRequest {
  readonly cutoverId: string;
  readonly snapshotId: string;
}

export interface WaitOptions {
  /** How long to wait in all. A provider that does not answer meanwhile is asked again. */
  readonly deadlineMs: number;
  readonly pollMs: number;
  readonly signal?: AbortSignal;
  /** After each look. */
  readonly onProgress?: (progress: ProviderProgress) => void;
}

interface ProviderProgress {
  readonly status: string;
  /** Where the provider tells. */
  readonly percent?: number;
}

export interface DatabaseInstance {
  readonly instanceId: string;
  readonly arn: string;
  /** The provider's word, for example `available`. */
  readonly status: string;
  readonly engineVersion: string;
  /** Absent until the instance has one. */
  readonly endpoint?: { readonly host: string; readonly port: number };
  readonly settings: DatabaseSettings;
  readonly tags: Readonly<Record<string, string>>;
  /** Changes were accepted that are not in force yet. */
  readonly hasPendingChanges: boolean;
  /** Of the parameter group, the provider's word: `in-sync`, `applying`, `pending-reboot`. */
  readonly parameterStatus?: string;
  /** What hangs on this instance and comes with no copy of it, one phrase each: `read replica blue-2`. */
  readonly notCopied?: readonly string[];
}

export interface DatabaseSnapshot {
  readonly snapshotId: string;
  readonly arn: string;
  readonly instanceId: string;
  readonly status: string;
  readonly percent: number;
  /** ISO-8601 UTC. */
  readonly createdAt?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What two instances can be compared by, and what one can be given. */
export interface DatabaseSettings {
  readonly instanceClass: string;
  readonly allocatedStorageGib: number;
  /** Where the storage may grow to by itself; absent where it may not. */
  readonly maxAllocatedStorageGib?: number;
  readonly storageType: string;
  readonly iops?: number;
  readonly storageThroughput?: number;
  readonly dedicatedLogVolume?: boolean;
  readonly multiAz: boolean;
  readonly publiclyAccessible: boolean;
  readonly port?: number;
  readonly networkType?: string;
  readonly autoMinorVersionUpgrade: boolean;
  readonly parameterGroup?: string;
  readonly optionGroup?: string;
  readonly subnetGroup?: string;
  readonly securityGroups: readonly string[];
  readonly backupRetentionDays: number;
  readonly backupWindow?: string;
  readonly maintenanceWindow?: string;
  readonly deletionProtection: boolean;
  readonly copyTagsToSnapshot: boolean;
  readonly monitoringSeconds: number;
  readonly monitoringRoleArn?: string;
  readonly performanceInsights: boolean;
  readonly performanceInsightsRetentionDays?: number;
  readonly performanceInsightsKmsKey?: string;
  readonly logExports?: readonly string[];
  readonly iamAuthentication: boolean;
  readonly caCertificate?: string;
  readonly storageEncrypted?: boolean;
  readonly kmsKey?: string;
}

export type SettingName = keyof DatabaseSettings;
