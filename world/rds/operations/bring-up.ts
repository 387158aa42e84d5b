import { setTimeout as sleep } from 'node:timers/promises';
import { restartDelayMs } from '../../supervisor/restart-policy';
import { type InstanceRecord } from '../model/records';
import { applyPending } from './apply-pending';
import { checkStillRunning, currentRecord, dwell, moveInstance, type OperationContext } from './operation-context';

/** When servers ended by themselves, per instance (resource id). */
export type CrashHistory = Map<string, number[]>;

/**
 * Starts the server of an instance that is `rebooting` or `starting`, several times if need be. Ends in `available` with
 * pending changes applied, or in `failed`.
 */
export async function bringUp(context: OperationContext, known: InstanceRecord, history: CrashHistory): Promise<void> {
  const failures = history.get(known.resourceId) ?? [];
  history.set(known.resourceId, failures);
  for (;;) {
    const record = currentRecord(context, known);
    if (record === undefined) return;
    await dwell(context, record.status);
    const delayMs = restartDelayMs(failures, Date.now());
    if (delayMs === undefined) {
      context.logger.error({ instance: known.id, attempt: failures.length }, 'postgresql does not stay up; giving up');
      await context.clusters.stop(record);
      await moveInstance(context, record, 'gaveUp');
      return;
    }
    await sleep(delayMs, undefined, { signal: context.signal });
    try {
      await context.clusters.start(record, record.port ?? 0, { signal: context.signal });
    } catch (error) {
      if (context.signal.aborted) return;
      failures.push(Date.now());
      context.logger.warn({ err: error, instance: known.id, attempt: failures.length }, 'postgresql did not start');
      continue;
    }
    await moveInstance(context, record, 'recovered', () => ({ parametersWait: false }));
    checkStillRunning(context, record);
    await applyPending(context, record);
    return;
  }
}

/** The server of an instance ended by itself. */
export async function recoverFromCrash(
  context: OperationContext,
  known: InstanceRecord,
  history: CrashHistory,
): Promise<void> {
  if (context.clusters.isRunning(known)) return;
  const failures = history.get(known.resourceId) ?? [];
  history.set(known.resourceId, [...failures, Date.now()]);
  // Not in a status that has a server to keep up (being deleted, for one): whoever works on it notices by itself.
  if ((await moveInstance(context, known, 'crashed')) === undefined) return;
  await bringUp(context, known, history);
}
