import { type InstanceRecord } from '../model/records';
import { dwell, moveInstance, type OperationContext } from './operation-context';

/** The work behind StopDBInstance, from `stopping` on. */
export async function stopInstance(context: OperationContext, record: InstanceRecord): Promise<void> {
  await dwell(context, 'stopping');
  await context.clusters.stop(record);
  await moveInstance(context, record, 'shutDown');
}
