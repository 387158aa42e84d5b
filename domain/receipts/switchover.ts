import { type SyncReceipt } from './copy';

export interface TargetReceipt {
  readonly name: string;
  readonly kind: 'gateway' | 'target';
  readonly epoch: number;
}

/** Steps of one switchover, in milliseconds on the worker's clock. */
export const SWITCHOVER_STEPS = [
  'stage',
  'hold',
  'fence',
  'lastRound',
  'staleChallenges',
  'commit',
  'fenceProof',
  'flip',
  'open',
  'release',
] as const;

export type SwitchoverStep = (typeof SWITCHOVER_STEPS)[number];

/** What may have gone around the fence of blue and what was done about it before green opened. */
export interface AroundFenceReceipt {
  readonly problems: readonly string[];
  /** Writes that blue refused since the first request was held; null: not known. */
  readonly refused: number | null;
  /** Tables of blue that were carried altogether and compared. */
  readonly tables: readonly string[];
  /** Rows of green that were changed by it. */
  readonly rows: number;
  readonly durationMs: number;
  /** Who decided that green opens without the proof, and why; null: all was carried, and nothing differs. */
  readonly openedBy: string | null;
}

export type SwitchoverReceipt =
  | {
      readonly outcome: 'committed';
      readonly attempt: number;
      readonly epoch: number;
      /** From the first hold to the last release. */
      readonly holdMs: number;
      /** When the hold began, by the worker's clock. For reports alone. */
      readonly heldAt: string;
      readonly stepsMs: Readonly<Partial<Record<SwitchoverStep, number>>>;
      /** Writes that met a guard, on either side; above 0 "nothing lost" cannot be claimed. null: not counted, a side did not answer. */
      readonly refused: number | null;
      readonly targets: readonly TargetReceipt[];
      readonly lastRound: SyncReceipt;
      readonly staleChallenges: number;
      /** Absent: a look after the commit found that nothing had gone around the fence. */
      readonly aroundFence?: AroundFenceReceipt;
    }
  | {
      readonly outcome: 'aborted';
      readonly attempt: number | null;
      readonly epoch: number | null;
      readonly holdMs: number;
      readonly stepsMs: Readonly<Partial<Record<SwitchoverStep, number>>>;
      readonly reason: string;
    };
