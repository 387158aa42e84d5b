import { rm } from 'node:fs/promises';
import { type InstanceRecord } from '../model/records';
import { type OperationContext } from './operation-context';

/** Ends the instance's server, if any, and removes its files. Idempotent. */
export async function discardInstance(context: OperationContext, record: InstanceRecord): Promise<void> {
  await context.clusters.stop(record);
  await rm(context.layout.instanceDir(record.resourceId), { recursive: true, force: true, maxRetries: 3 });
}
