import { CutoverFault } from '../../domain/faults';
import { CUTOVER_TAG } from '../../domain/ports/database-provider';

type Kind = 'instance' | 'snapshot';

const SEE_EVENTS = 'see its events in the RDS console';

/**
 * Statuses that never become `available` by themselves, and what a person can do. Source: Amazon RDS User Guide, "DB instance
 * status".
 */
const DEAD_ENDS: ReadonlyMap<string, string> = new Map([
  ['deleting', 'try again when it is gone'],
  ['failed', SEE_EVENTS],
  ['inaccessible-encryption-credentials', 'give RDS access to its KMS key again'],
  ['incompatible-create', SEE_EVENTS],
  [
    'incompatible-network',
    'its subnets have no free address, or its groups are gone: correct subnetGroup or securityGroups',
  ],
  ['incompatible-option-group', 'correct its option group'],
  ['incompatible-parameters', 'its parameter group asks for more than its class has: correct one of the two'],
  ['incompatible-restore', SEE_EVENTS],
  ['insufficient-capacity', 'AWS has no such machine there now: try again later, or another instanceClass'],
  ['stopped', 'start it'],
  ['stopping', 'start it when it has stopped'],
  ['storage-full', 'its storage is full: allocate more (allocatedStorageGib), then try again'],
]);

/** Statuses in which an instance serves and takes changes; the second one may last for a day. */
const SETTLED = new Set(['available', 'storage-optimization']);

export function isSettled(status: string): boolean {
  return SETTLED.has(status);
}

export function isDeadEnd(status: string): boolean {
  return DEAD_ENDS.has(status);
}

export function deadEnd(kind: Kind, id: string, status: string): CutoverFault {
  return new CutoverFault(
    'RDS_FAILED',
    `${kind} ${id} is ${status} and will not become available; ${DEAD_ENDS.get(status) ?? SEE_EVENTS}`,
    { [`${kind}Id`]: id, status },
  );
}

export function missing(kind: Kind, id: string): CutoverFault {
  return new CutoverFault(
    'RDS_FAILED',
    `${kind} ${id} does not exist (any more): somebody removed it; begin again, blue needs nothing of it`,
    { [`${kind}Id`]: id },
  );
}

/** @throws CutoverFault CHECK_FAILED for what is not of this cutover, whatever its name */
export function assertOurs(kind: Kind, id: string, tags: Readonly<Record<string, string>>, cutoverId: string): void {
  if (tags[CUTOVER_TAG] === cutoverId) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${kind} ${id} exists and does not belong to cutover ${cutoverId} (tag ${CUTOVER_TAG}: ${tags[CUTOVER_TAG] ?? 'none'}); it was not touched; choose another name or remove it yourself`,
    { [`${kind}Id`]: id, cutoverId },
  );
}
