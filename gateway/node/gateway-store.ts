import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { knownRecord, withRecordVersion } from '../../domain/record-version';
import { initialTargetRecord } from '../../domain/target';
import { parseGatewayState, type GatewayState } from '../core/gateway-state';
import { HELD, type GatewayRecord } from '../core/gateway-record';
import { DurableJson } from '../target/durable-json';
import { parseTargetRecord } from '../target/target-record-schema';

const document = z.strictObject({
  target: z.unknown(),
  // The first ones had none.
  member: z.uuid().optional(),
  // What an older gateway wrote held everything.
  hold: z
    .strictObject({
      epoch: z.int().positive(),
      deadlineMs: z.int().positive(),
      holds: z.enum(HELD).default('everything'),
      readsMoved: z.boolean().default(false),
    })
    .nullable(),
});

export interface GatewayStore {
  readonly record: GatewayRecord;
  /** Of this gateway among all, for as long as its file is there. */
  readonly member: string;
  /** @throws CutoverFault DISK_FULL | STATE_UNWRITABLE */
  persist(record: GatewayRecord): Promise<void>;
}

/**
 * The gateway's record in one file, so that a hold and the epoch that ends it change together.
 * @param initial what epoch 0 serves while the file does not exist
 * @throws CutoverFault STATE_UNREADABLE | DISK_FULL | STATE_UNWRITABLE
 */
export async function openGatewayStore(file: string, initial: GatewayState): Promise<GatewayStore> {
  const durable = new DurableJson<GatewayRecord & { readonly member: string }>(file, (value) => {
    const { target, hold, member = randomUUID() } = document.parse(knownRecord(value, `state file ${file}`));
    return { member, target: parseTargetRecord(target, parseGatewayState), hold };
  });
  const found = await durable.read();
  const member = found?.member ?? randomUUID();
  const persist = (record: GatewayRecord) => durable.write(withRecordVersion({ member, ...record }));
  const record = { target: found?.target ?? initialTargetRecord(initial), hold: found?.hold ?? null };
  // Also for one that was not written down yet: it has to be the same after a crash.
  await persist(record);
  return { record, member, persist };
}
