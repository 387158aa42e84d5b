import { z } from 'zod';
import { EPOCH_MAX, type EpochState, type TargetRecord } from '../../domain/target';

const epoch = z.int().min(0).max(EPOCH_MAX);
const entry = z.strictObject({ epoch, state: z.unknown() });
const record = z.strictObject({
  applied: entry,
  previous: entry.nullable(),
  staged: entry.nullable(),
  revertedEpoch: epoch,
  // Not in what was stored before a commit could be told.
  committedEpoch: epoch.default(0),
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
    committedEpoch: read.committedEpoch,
  };
}
