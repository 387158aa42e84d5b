import { z } from 'zod';
import { EPOCH_MAX, type TargetRecord } from '../../domain/target';

const epoch = z.int().min(0).max(EPOCH_MAX);
const entry = z
  .strictObject({ epoch, state: z.unknown() })
  // JSON has no undefined: what was nothing stays nothing.
  .transform(({ epoch: number, state }) => ({ epoch: number, state: state ?? null }));

/** A record as it is stored beside the config of a foreign system. */
export const storedRecord: z.ZodType<TargetRecord<unknown>> = z.strictObject({
  applied: entry,
  previous: entry.nullable(),
  staged: entry.nullable(),
  revertedEpoch: epoch,
  // Not in what was stored before a commit could be told.
  committedEpoch: epoch.default(0),
});
