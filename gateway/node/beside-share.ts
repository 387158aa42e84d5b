import { z } from 'zod';
import { BesideSplit } from '../core/beside';
import { Serial } from '../core/serial';
import { DurableJson } from '../target/durable-json';

const order = z.int().min(0);
const share = z.int().min(0).max(100);
export const besideBody = z.strictObject({ share, order });
// The first ones kept none.
const kept = z.strictObject({ share, order: order.default(0) });
type Kept = z.infer<typeof kept>;

/** The share that goes to the new Hydra beside the old one; durable, so that a restart splits as before. */
export class BesideShare {
  private readonly serial = new Serial();

  private constructor(
    readonly split: BesideSplit,
    /** Whose share it is: who was told before that comes too late. */
    private ordered: number,
    private readonly file: DurableJson<Kept>,
  ) {}

  get order(): number {
    return this.ordered;
  }

  /** Everything goes to the old one until somebody says otherwise. @throws CutoverFault STATE_UNREADABLE */
  static async open(path: string): Promise<BesideShare> {
    const file = new DurableJson(path, (value) => kept.parse(value));
    const { share, order } = (await file.read()) ?? { share: 0, order: 0 };
    return new BesideShare(new BesideSplit(share), order, file);
  }

  /**
   * Durable when it resolves.
   *
   * @returns false for an order that is older than the one it has: nothing was changed
   * @throws CutoverFault DISK_FULL | STATE_UNWRITABLE
   */
  set({ share, order }: Kept): Promise<boolean> {
    return this.serial.run(async () => {
      if (order < this.ordered) return false;
      await this.file.write({ share, order });
      this.split.share = share;
      this.ordered = order;
      return true;
    });
  }
}
