import { rm } from 'node:fs/promises';
import { type InstanceRecord, type SnapshotRecord } from '../model/records';
import { applyPending } from './apply-pending';
import { bringUp, type CrashHistory, recoverFromCrash } from './bring-up';
import { createInstance } from './create-instance';
import { createSnapshot } from './create-snapshot';
import { deleteInstance } from './delete-instance';
import { type OperationContext } from './operation-context';
import { type OperationRunner } from './operation-runner';
import { rebootInstance } from './reboot-instance';
import { restoreInstance } from './restore-instance';
import { stopInstance } from './stop-instance';

/** Begins the work behind an answer. To be called once the state that demands it is on disk. */
export interface Operations {
  create(record: InstanceRecord, passwordVerifier: string): void;
  restore(record: InstanceRecord, snapshot: SnapshotRecord): void;
  snapshot(instance: InstanceRecord, snapshot: SnapshotRecord): void;
  applyPending(record: InstanceRecord): void;
  reboot(record: InstanceRecord): void;
  start(record: InstanceRecord): void;
  stop(record: InstanceRecord): void;
  delete(record: InstanceRecord): void;
  removeSnapshotFiles(snapshot: SnapshotRecord): void;
  recoverFromCrash(record: InstanceRecord): void;
}

export function createOperations(context: OperationContext, runner: OperationRunner): Operations {
  const crashes: CrashHistory = new Map();
  return {
    create: (record, verifier) => runner.begin('create', record.id, () => createInstance(context, record, verifier)),
    restore: (record, snapshot) => runner.begin('restore', record.id, () => restoreInstance(context, record, snapshot)),
    snapshot: (instance, snapshot) =>
      runner.begin('snapshot', snapshot.id, () => createSnapshot(context, instance, snapshot)),
    applyPending: (record) => runner.begin('modify', record.id, () => applyPending(context, record)),
    reboot: (record) => runner.begin('reboot', record.id, () => rebootInstance(context, record, crashes)),
    start: (record) => runner.begin('start', record.id, () => bringUp(context, record, crashes)),
    stop: (record) => runner.begin('stop', record.id, () => stopInstance(context, record)),
    delete: (record) => runner.begin('delete', record.id, () => deleteInstance(context, record, crashes)),
    removeSnapshotFiles: (snapshot) =>
      runner.begin('remove snapshot', snapshot.id, () =>
        rm(context.layout.snapshotDir(snapshot.resourceId), { recursive: true, force: true, maxRetries: 3 }),
      ),
    recoverFromCrash: (record) => runner.begin('recover', record.id, () => recoverFromCrash(context, record, crashes)),
  };
}
