import { type Logger } from '../../../config/logger';
import { type PostgresInstallation, type PostgresMajor } from '../../toolchain';
import { type Clusters } from '../cluster/clusters';
import { type FaultBoard } from '../control/fault-board';
import { changeInstance } from '../model/change-state';
import { type InstanceEvent, type InstanceStatus, nextStatus } from '../model/instance-status';
import { type InstanceRecord } from '../model/records';
import { type StateLayout } from '../state/state-layout';
import { type StateStore } from '../state/state-store';

/** What the work behind the answers needs. */
export interface OperationContext {
  readonly store: StateStore;
  readonly clusters: Clusters;
  readonly layout: StateLayout;
  readonly faults: FaultBoard;
  readonly logger: Logger;
  /** Fires when the endpoint stops. What is not finished then is finished or marked by the next start. */
  readonly signal: AbortSignal;
  /** Percent per snapshot (resource id). Not durable: a copy does not survive a restart either. */
  readonly progress: Map<string, number>;
  readonly installation: (major: PostgresMajor) => Promise<PostgresInstallation>;
  /** Begins bringing up an instance whose server is gone. Idempotent. */
  readonly reportCrash: (record: InstanceRecord) => void;
}

/** @returns the instance as it is now, or undefined when it is gone or another one has its name */
export function currentRecord(context: OperationContext, known: InstanceRecord): InstanceRecord | undefined {
  const record = context.store.current.instances[known.id];
  return record?.resourceId === known.resourceId ? record : undefined;
}

/**
 * Moves an instance on. @returns the record after it; undefined when the event means nothing (any more) in its status, and
 * then nothing has changed
 */
export async function moveInstance(
  context: OperationContext,
  known: InstanceRecord,
  event: InstanceEvent,
  changes: (record: InstanceRecord) => Partial<InstanceRecord> = () => ({}),
): Promise<InstanceRecord | undefined> {
  let moved = false;
  const state = await context.store.change((current) => {
    const record = current.instances[known.id];
    if (record?.resourceId !== known.resourceId) return current;
    const status = nextStatus(record.status, event);
    if (status === undefined) return current;
    moved = true;
    return changeInstance(current, known.id, { ...changes(record), status });
  });
  if (!moved) return undefined;
  const record = state.instances[known.id];
  context.logger.info({ instance: known.id, status: record?.status }, 'instance status changed');
  return record;
}

/**
 * To be called after an instance became `available`: a server that ended in the moment before was in a status in which its end
 * means nothing.
 */
export function checkStillRunning(context: OperationContext, record: InstanceRecord): void {
  if (!context.signal.aborted && !context.clusters.isRunning(record)) context.reportCrash(record);
}

/** Stays in a status as long as the fault plan asks. */
export async function dwell(context: OperationContext, status: InstanceStatus): Promise<void> {
  await context.faults.dwell(status, context.signal);
}
