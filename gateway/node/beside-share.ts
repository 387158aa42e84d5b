import { z } from 'zod';
import { BesideSplit } from '../core/beside';
import { DurableJson } from '../target/durable-json';

export const besideBody = z.strictObject({ share: z.int().min(0).max(100) });

/** The share that goes to the new Hydra beside the old one; durable, so that a restart splits as before. */
export class BesideShare {
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    readonly split: BesideSplit,
    private readonly file: DurableJson<z.infer<typeof besideBody>>,
  ) {}

  /** Everything goes to the old one until somebody says otherwise. @throws CutoverFault STATE_UNREADABLE */
  static async open(path: string): Promise<BesideShare> {
    const file = new DurableJson(path, (value) => besideBody.parse(value));
    return new BesideShare(new BesideSplit((await file.read())?.share ?? 0), file);
  }

  /** Durable when it resolves. @throws CutoverFault DISK_FULL | STATE_UNWRITABLE */
  set(share: number): Promise<void> {
    const written = this.writing.then(async () => {
      await this.file.write({ share });
      this.split.share = share;
    });
    this.writing = written.catch(() => undefined);
    return written;
  }
}
