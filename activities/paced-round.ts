import { type PartReceipt, type RoundReceipt, type SyncSides } from '../hydra/sync';
import { type Brake } from './brake';
import { type LogUpkeep } from './log-upkeep';
import { type StepDeps } from './step';
import { type WaitingRows, roundOrReason } from './sync-session';

/** Between two looks at a row that a person has to correct. */
export const HELD_MS = 5_000;

interface Pace {
  readonly brake: Brake;
  readonly upkeep: LogUpkeep;
  readonly signal: AbortSignal;
  readonly onPart?: (part: PartReceipt) => void;
}

/** As {@link roundOrReason}, each of its transactions after the brake and after what is due of the change log was removed. */
export function pacedRound(
  deps: StepDeps,
  sides: SyncSides,
  { brake, upkeep, signal, onPart }: Pace,
): Promise<RoundReceipt | WaitingRows> {
  const before = async (): Promise<void> => {
    await brake.pass(signal);
    await upkeep.pass();
  };
  return roundOrReason(deps, sides, {
    batchRows: deps.settings.sync.batchRows,
    signal,
    before,
    onPart: (part) => {
      brake.took(part.changes);
      onPart?.(part);
    },
  });
}
