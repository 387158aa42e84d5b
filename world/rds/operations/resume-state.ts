import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assertPortFree, freePort } from '../../net/free-port';
import { changeInstance, changeSnapshot } from '../model/change-state';
import { nextStatus } from '../model/instance-status';
import { type InstanceRecord, type RdsState, type SnapshotRecord } from '../model/records';
import { nextSnapshotStatus } from '../model/snapshot-status';
import { discardInstance } from './discard-instance';
import { applyPending } from './apply-pending';
import { checkStillRunning, moveInstance, type OperationContext } from './operation-context';
import { type Operations } from './operations';
import { type OperationRunner } from './operation-runner';

/**
 * What a state means after the endpoint that wrote it is gone: half-made instances and snapshots have failed, servers have to
 * be found or started, deletions go on. Pure.
 */
export function stateAfterRestart(state: RdsState): RdsState {
  const owedSnapshots = new Set(Object.values(state.instances).flatMap((record) => record.finalSnapshotId ?? []));
  let next = state;
  for (const { id, status } of Object.values(state.instances)) {
    next = changeInstance(next, id, { status: nextStatus(status, 'endpointRestarted') ?? status });
  }
  for (const { id, status } of Object.values(state.snapshots)) {
    // An instance that is being deleted does not go without its final snapshot: that one is taken again.
    if (owedSnapshots.has(id)) continue;
    next = changeSnapshot(next, id, { status: nextSnapshotStatus(status, 'broke') ?? status });
  }
  return next;
}

/** Brings the world in line with the state file after a start. Returns when the state is right; servers come up after it. */
export async function resumeState(
  context: OperationContext,
  operations: Operations,
  runner: OperationRunner,
): Promise<void> {
  const state = await context.store.change(stateAfterRestart);
  await removeLeftovers(context, state);
  for (const record of Object.values(state.instances)) {
    if (record.status === 'starting') runner.begin('start', record.id, () => takeUp(context, record, operations));
    else if (record.status === 'deleting') operations.delete(record);
    else if (record.status === 'stopping') operations.stop(record);
    else if (record.status === 'failed') runner.begin('discard', record.id, () => endFailed(context, record));
  }
}

async function takeUp(context: OperationContext, record: InstanceRecord, operations: Operations): Promise<void> {
  if (context.clusters.adopt(record)) {
    context.logger.info({ instance: record.id }, 'running postgresql adopted');
    await moveInstance(context, record, 'recovered');
    checkStillRunning(context, record);
    await applyPending(context, record);
    return;
  }
  operations.start(await withUsablePort(context, record));
}

/** Between two runs anybody may have taken the port; then the endpoint of the instance is another one. */
async function withUsablePort(context: OperationContext, record: InstanceRecord): Promise<InstanceRecord> {
  const free = await assertPortFree(record.port ?? 0, 'the endpoint of a DB instance').then(
    () => true,
    () => false,
  );
  if (free && record.port !== undefined) return record;
  const port = await freePort();
  context.logger.warn({ instance: record.id, endpoint: `127.0.0.1:${port}` }, 'port was taken; instance has a new one');
  const state = await context.store.change((current) => changeInstance(current, record.id, { port }));
  return state.instances[record.id] ?? record;
}

/** A half-made instance never had anything worth keeping; one that does not start may. */
async function endFailed(context: OperationContext, record: InstanceRecord): Promise<void> {
  if (record.port === undefined) await discardInstance(context, record);
  else await context.clusters.stop(record);
}

/** Folders that no record knows, and those of failed snapshots. */
async function removeLeftovers(context: OperationContext, state: RdsState): Promise<void> {
  const { layout } = context;
  const complete = (snapshot: SnapshotRecord): boolean => snapshot.status === 'available';
  await keepOnly(layout.instancesDir, new Set(Object.values(state.instances).map((record) => record.resourceId)));
  await keepOnly(
    layout.snapshotsDir,
    new Set(
      Object.values(state.snapshots)
        .filter(complete)
        .map((record) => record.resourceId),
    ),
  );
}

async function keepOnly(dir: string, known: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(dir)) {
    if (!known.has(entry)) await rm(join(dir, entry), { recursive: true, force: true, maxRetries: 3 });
  }
}
