import { type SwitchoverReceipt } from '../../domain/receipts';

type Committed = Extract<SwitchoverReceipt, { outcome: 'committed' }>;

/** From the first write that was held to the last that was released, in milliseconds since 1970. */
export function holdOf({ heldAt, holdMs }: Pick<Committed, 'heldAt' | 'holdMs'>): {
  readonly from: number;
  readonly to: number;
} {
  const from = Date.parse(heldAt);
  return { from, to: from + holdMs };
}
