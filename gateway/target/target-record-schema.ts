import { z } from 'zod';
import { type EpochState, type TargetRecord } from '../../domain/target';

const epoch = z.int().min(0);
const entry = z.strictObject({ epoch, state: z.unknown() });
const record = z.strictObject({
  applied: entry,
  previous: entry.nullable(),
  staged: entry.nullable(),
  revertedEpoch: epoch,
});

/**
 * Reads a stored record back, each of its states through `parseState`.
 * @throws whatever zod or `parseState` throws
 */
export function parseTargetRecord<State>(value: unknown, parseState: (state: unknown) => State): TargetRecord<State> {
  const read = record.parse(value);
  const parseEntry = (stored: { epoch: number; state?: unknown }): EpochState<State> => ({
    epoch: stored.epoch,
    state: parseState(stored.state),
  });
  return {
    applied: parseEntry(read.applied),
    previous: read.previous && parseEntry(read.previous),
    staged: read.staged && parseEntry(read.staged),
    revertedEpoch: read.revertedEpoch,
  };
}
