import { setMasterPassword } from '../cluster/provision-roles';
import { withSuperuser } from '../cluster/superuser-session';
import { type InstanceRecord, type PendingChanges } from '../model/records';
import { currentRecord, dwell, moveInstance, type OperationContext } from './operation-context';

/**
 * Applies what ModifyDBInstance accepted, one thing after the other. Interrupted at any point, the next call goes on: what
 * is due stands in the state until it was done.
 */
export async function applyPending(context: OperationContext, known: InstanceRecord): Promise<void> {
  for (;;) {
    const record = currentRecord(context, known);
    const { masterPassword, due } = record?.pending ?? {};
    if (record === undefined || context.signal.aborted) return;
    if (masterPassword !== undefined) {
      if (!(await resetPassword(context, record, masterPassword))) return;
    } else if (due !== undefined) {
      if (!(await modify(context, record, due))) return;
    } else return;
  }
}

/** @returns false when the instance cannot be worked on now; whoever brings it up again calls {@link applyPending} */
async function resetPassword(context: OperationContext, record: InstanceRecord, verifier: string): Promise<boolean> {
  const moved = await moveInstance(context, record, 'passwordResetStarted');
  if (moved === undefined) return false;
  await dwell(context, 'resetting-master-credentials');
  try {
    await withSuperuser({ port: moved.port ?? 0, password: moved.identity.superuserPassword }, (client) =>
      setMasterPassword(client, moved.identity.masterUsername, verifier),
    );
  } catch (error) {
    context.logger.error({ err: error, instance: record.id }, 'master password could not be set');
    // A server that is gone is brought up again, and then this is done. A server that refuses would refuse again.
    if (!context.clusters.isRunning(record)) return false;
  }
  const done = await moveInstance(context, record, 'passwordResetEnded', (current) =>
    without(current, (pending) => {
      const { masterPassword, ...rest } = pending;
      return masterPassword === verifier ? rest : pending;
    }),
  );
  return done !== undefined;
}

async function modify(
  context: OperationContext,
  record: InstanceRecord,
  due: NonNullable<PendingChanges['due']>,
): Promise<boolean> {
  const moved = await moveInstance(context, record, 'modificationStarted');
  if (moved === undefined) return false;
  await dwell(context, 'modifying');
  // A change of class moves the instance to another machine: its sessions end.
  if (due.DBInstanceClass !== undefined) {
    try {
      await context.clusters.stop(moved);
      await context.clusters.start(moved, moved.port ?? 0, { signal: context.signal });
    } catch (error) {
      context.reportCrash(record);
      throw error;
    }
  }
  const done = await moveInstance(context, record, 'modificationEnded', (current) => ({
    settings: { ...current.settings, ...due },
    ...(due.DBParameterGroupName === undefined ? {} : { parametersWait: true }),
    ...without(current, (pending) => {
      const { due: stillDue, ...rest } = pending;
      return JSON.stringify(stillDue) === JSON.stringify(due) ? rest : pending;
    }),
  }));
  return done !== undefined;
}

/** An empty rest is no pending change at all. */
function without(
  record: InstanceRecord,
  reduce: (pending: PendingChanges) => PendingChanges,
): { readonly pending: PendingChanges | undefined } {
  const rest = reduce(record.pending ?? {});
  return { pending: Object.keys(rest).length === 0 ? undefined : rest };
}
