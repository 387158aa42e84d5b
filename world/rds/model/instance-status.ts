import { RdsError } from '../protocol/rds-error';

/** Source: Amazon RDS User Guide, "Viewing Amazon RDS DB instance status". */
export const INSTANCE_STATUSES = [
  'creating',
  'backing-up',
  'available',
  'modifying',
  'resetting-master-credentials',
  'rebooting',
  'starting',
  'stopping',
  'stopped',
  'deleting',
  'failed',
] as const;
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number];

export type InstanceEvent =
  | 'provisioned'
  | 'provisionedWithBackup'
  | 'backupStarted'
  | 'backupEnded'
  | 'modificationStarted'
  | 'modificationEnded'
  | 'passwordResetStarted'
  | 'passwordResetEnded'
  | 'rebootStarted'
  | 'stopRequested'
  | 'shutDown'
  | 'startRequested'
  | 'recovered'
  | 'crashed'
  | 'gaveUp'
  | 'deleteRequested'
  | 'deleteAbandoned'
  | 'endpointRestarted';

/** Every change of an instance's status there is. What is not here does not happen. */
const TRANSITIONS: Readonly<Record<InstanceStatus, Partial<Record<InstanceEvent, InstanceStatus>>>> = {
  creating: {
    provisioned: 'available',
    provisionedWithBackup: 'backing-up',
    gaveUp: 'failed',
    endpointRestarted: 'failed',
  },
  available: {
    backupStarted: 'backing-up',
    modificationStarted: 'modifying',
    passwordResetStarted: 'resetting-master-credentials',
    rebootStarted: 'rebooting',
    stopRequested: 'stopping',
    crashed: 'rebooting',
    deleteRequested: 'deleting',
    endpointRestarted: 'starting',
  },
  'backing-up': { backupEnded: 'available', crashed: 'rebooting', endpointRestarted: 'starting' },
  modifying: { modificationEnded: 'available', crashed: 'rebooting', endpointRestarted: 'starting' },
  'resetting-master-credentials': {
    passwordResetEnded: 'available',
    crashed: 'rebooting',
    endpointRestarted: 'starting',
  },
  rebooting: { recovered: 'available', gaveUp: 'failed', endpointRestarted: 'starting' },
  starting: { recovered: 'available', gaveUp: 'failed', endpointRestarted: 'starting' },
  stopping: { shutDown: 'stopped', endpointRestarted: 'stopping' },
  stopped: { startRequested: 'starting', deleteRequested: 'deleting', endpointRestarted: 'stopped' },
  deleting: { deleteAbandoned: 'available', endpointRestarted: 'deleting' },
  failed: { deleteRequested: 'deleting', endpointRestarted: 'failed' },
};

/** @returns undefined when `event` means nothing in `status`: somebody else moved the instance on */
export function nextStatus(status: InstanceStatus, event: InstanceEvent): InstanceStatus | undefined {
  return TRANSITIONS[status][event];
}

/** As {@link nextStatus}, for requests of a client. @throws RdsError InvalidDBInstanceState */
export function requireTransition(id: string, status: InstanceStatus, event: InstanceEvent): InstanceStatus {
  const next = nextStatus(status, event);
  if (next !== undefined) return next;
  const allowed = INSTANCE_STATUSES.filter((candidate) => TRANSITIONS[candidate][event] !== undefined);
  throw new RdsError(
    'InvalidDBInstanceState',
    `DB instance ${id} is in state ${status}; this request needs one of: ${allowed.join(', ')}.`,
  );
}
