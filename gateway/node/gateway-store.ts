import { z } from 'zod';
import { knownRecord, withRecordVersion } from '../../domain/record-version';
import { initialTargetRecord } from '../../domain/target';
import { parseGatewayState, type GatewayState } from '../core/gateway-state';
import { type GatewayRecord } from '../core/gateway-record';
import { DurableJson } from '../target/durable-json';
import { parseTargetRecord } from '../target/target-record-schema';

const document = z.strictObject({
  target: z.unknown(),
  hold: z.strictObject({ epoch: z.int().positive(), deadlineMs: z.int().positive() }).nullable(),
});

export interface GatewayStore {
  readonly record: GatewayRecord;
  /** @throws CutoverFault DISK_FULL | STATE_UNWRITABLE */
  persist(record: GatewayRecord): Promise<void>;
}

/**
 * The gateway's record in one file, so that a hold and the epoch that ends it change together.
 * @param initial what epoch 0 serves while the file does not exist
 * @throws CutoverFault STATE_UNREADABLE | DISK_FULL | STATE_UNWRITABLE
 */
export async function openGatewayStore(file: string, initial: GatewayState): Promise<GatewayStore> {
  const durable = new DurableJson<GatewayRecord>(file, (value) => {
    const { target, hold } = document.parse(knownRecord(value, `state file ${file}`));
    return { target: parseTargetRecord(target, parseGatewayState), hold };
  });
  const persist = (record: GatewayRecord) => durable.write(withRecordVersion(record));
  let record: GatewayRecord | undefined = await durable.read();
  if (record === undefined) {
    record = { target: initialTargetRecord(initial), hold: null };
    await persist(record);
  }
  return { record: { target: record.target, hold: record.hold }, persist };
}
