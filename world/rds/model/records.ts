import { type PostgresMajor } from '../../toolchain';
import { type Tag } from '../protocol/tags';
import { type InstanceSettings } from './instance-settings';
import { type InstanceStatus } from './instance-status';
import { type SnapshotStatus } from './snapshot-status';

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** What stays the same on the way from an instance to its snapshots and to what is restored from them. */
export interface DatabaseIdentity {
  readonly major: PostgresMajor;
  readonly engineVersion: string;
  readonly masterUsername: string;
  readonly databaseName?: string;
  /** The superuser's; never leaves the state folder. */
  readonly superuserPassword: string;
}

export interface PendingChanges {
  /** Being applied, or to be applied as soon as the instance runs again. */
  readonly due?: Partial<InstanceSettings>;
  /** Due as well. A SCRAM verifier, never the password itself. */
  readonly masterPassword?: string;
  /** Waits for the next ApplyImmediately or a reboot. */
  readonly waiting?: Partial<InstanceSettings>;
}

export interface InstanceRecord {
  readonly id: string;
  /** Also the name of the instance's folder: a new instance of an old name never meets the old one's files. */
  readonly resourceId: string;
  readonly createdAt: string;
  readonly status: InstanceStatus;
  readonly identity: DatabaseIdentity;
  /** Set once the instance has an endpoint. */
  readonly port?: number;
  readonly settings: InstanceSettings;
  readonly pending?: PendingChanges;
  /** The parameter group was changed, and its static parameters need a restart. */
  readonly parametersWait?: boolean;
  readonly tags: readonly Tag[];
  readonly restoredFrom?: string;
  readonly postmaster?: ProcessIdentity;
  /** Of an instance that is being deleted: it goes only when this snapshot is complete. */
  readonly finalSnapshotId?: string;
}

export interface SnapshotRecord {
  readonly id: string;
  readonly resourceId: string;
  readonly status: SnapshotStatus;
  readonly startedAt: string;
  /** Everything that was committed before is in the snapshot. Absent until it is complete. */
  readonly databaseTime?: string;
  readonly instanceId: string;
  readonly instanceResourceId: string;
  readonly instanceCreatedAt: string;
  readonly instancePort: number;
  readonly identity: DatabaseIdentity;
  readonly settings: InstanceSettings;
  readonly tags: readonly Tag[];
}

export interface RdsState {
  readonly schemaVersion: 1;
  readonly instances: Readonly<Record<string, InstanceRecord>>;
  readonly snapshots: Readonly<Record<string, SnapshotRecord>>;
}

export const EMPTY_STATE: RdsState = { schemaVersion: 1, instances: {}, snapshots: {} };
