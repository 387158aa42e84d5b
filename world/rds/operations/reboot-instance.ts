import { type InstanceRecord } from '../model/records';
import { bringUp, type CrashHistory } from './bring-up';
import { dwell, type OperationContext } from './operation-context';

/** The work behind RebootDBInstance, from `rebooting` on. What waited for a reboot has become due with the request. */
export async function rebootInstance(
  context: OperationContext,
  record: InstanceRecord,
  history: CrashHistory,
): Promise<void> {
  await dwell(context, 'rebooting');
  await context.clusters.stop(record);
  await bringUp(context, record, history);
}
