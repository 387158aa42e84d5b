import { RdsError } from '../protocol/rds-error';
import { type InstanceRecord, type RdsState, type SnapshotRecord } from './records';

/** Pure reading and changing of the state; every change makes a new one. */

/** @throws RdsError DBInstanceNotFound */
export function instanceNamed(state: RdsState, id: string): InstanceRecord {
  const record = Object.hasOwn(state.instances, id) ? state.instances[id] : undefined;
  if (record === undefined) throw new RdsError('DBInstanceNotFound', `DBInstance ${shown(id)} not found.`);
  return record;
}

/** @throws RdsError DBSnapshotNotFound */
export function snapshotNamed(state: RdsState, id: string): SnapshotRecord {
  const record = Object.hasOwn(state.snapshots, id) ? state.snapshots[id] : undefined;
  if (record === undefined) throw new RdsError('DBSnapshotNotFound', `DBSnapshot ${shown(id)} not found.`);
  return record;
}

export function addInstance(state: RdsState, record: InstanceRecord): RdsState {
  if (Object.hasOwn(state.instances, record.id)) {
    throw new RdsError('DBInstanceAlreadyExists', `DB instance ${record.id} already exists.`);
  }
  return { ...state, instances: { ...state.instances, [record.id]: record } };
}

export function addSnapshot(state: RdsState, record: SnapshotRecord): RdsState {
  if (Object.hasOwn(state.snapshots, record.id)) {
    throw new RdsError(
      'DBSnapshotAlreadyExists',
      `Cannot create the snapshot because a snapshot with the identifier ${record.id} already exists.`,
    );
  }
  return { ...state, snapshots: { ...state.snapshots, [record.id]: record } };
}

export function changeInstance(state: RdsState, id: string, changes: Partial<InstanceRecord>): RdsState {
  const record = { ...instanceNamed(state, id), ...changes };
  return { ...state, instances: { ...state.instances, [id]: record } };
}

export function changeSnapshot(state: RdsState, id: string, changes: Partial<SnapshotRecord>): RdsState {
  const record = { ...snapshotNamed(state, id), ...changes };
  return { ...state, snapshots: { ...state.snapshots, [id]: record } };
}

export function removeInstance(state: RdsState, id: string): RdsState {
  return { ...state, instances: without(state.instances, id) };
}

export function removeSnapshot(state: RdsState, id: string): RdsState {
  return { ...state, snapshots: without(state.snapshots, id) };
}

function without<T>(records: Readonly<Record<string, T>>, id: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(records).filter(([name]) => name !== id));
}

function shown(id: string): string {
  return id.slice(0, 255).replaceAll(/[^\x20-\x7e]/g, '?');
}
