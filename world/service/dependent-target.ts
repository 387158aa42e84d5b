import { rm } from 'node:fs/promises';
import { type Logger } from '../../config/logger';
import { highestEpoch, type TargetRecord, type TargetResult } from '../../domain/target';
import { type TargetStore } from '../../gateway/target';
import { type AppliedCallback, createTargetStore, type FileTargetStore } from './target-store';
import { Serial } from '../../gateway/core/serial';
import { hydraSide, type HydraSide } from './hydra-admin';

export interface DependentTargetOptions {
  readonly file: string;
  /** From the config file; it decides until the first epoch is seen. */
  readonly initial: HydraSide;
  readonly logger: Logger;
}

/**
 * The target port of a system that depends on one Hydra: which admin API it asks.
 *
 * Until an epoch was staged, applied or reverted here the config file decides, also while running (see {@link rebase}).
 * From then on only epochs do: a process that restarts with an old file must not go back to blue.
 */
export class DependentTarget implements TargetStore<HydraSide> {
  private readonly serial = new Serial();
  private readonly callbacks = new Set<AppliedCallback<HydraSide>>();

  private constructor(
    private readonly options: DependentTargetOptions,
    private store: FileTargetStore<HydraSide>,
  ) {}

  /** @throws CutoverFault STATE_UNREADABLE | DISK_FULL | STATE_UNWRITABLE */
  static async open(options: DependentTargetOptions): Promise<DependentTarget> {
    const target = new DependentTarget(options, await openStore(options.file, options.initial));
    await target.rebase(options.initial);
    return target;
  }

  read(): TargetRecord<HydraSide> {
    return this.store.read();
  }

  stage(epoch: number, state: unknown): Promise<TargetResult<HydraSide>> {
    return this.serial.run(() => this.store.stage(epoch, state));
  }

  apply(epoch: number): Promise<TargetResult<HydraSide>> {
    return this.serial.run(() => this.store.apply(epoch));
  }

  revert(epoch: number): Promise<TargetResult<HydraSide>> {
    return this.serial.run(() => this.store.revert(epoch));
  }

  tellCommitted(epoch: number, state: unknown): Promise<TargetResult<HydraSide>> {
    return this.serial.run(() => this.store.tellCommitted(epoch, state));
  }

  /** The callback hears of every change of the side in use, before the call that caused it answers. */
  onApplied(callback: AppliedCallback<HydraSide>): void {
    this.callbacks.add(callback);
    this.store.onApplied(callback);
  }

  /** Takes the config file's side, if no epoch was seen yet. @returns whether the file still decides */
  rebase(initial: HydraSide): Promise<boolean> {
    return this.serial.run(async () => {
      const record = this.store.read();
      const same = JSON.stringify(record.applied.state) === JSON.stringify(initial);
      if (highestEpoch(record) > 0) {
        if (!same) this.options.logger.warn({ epoch: record.applied.epoch }, 'initial state of the config not used');
        return false;
      }
      if (same) return true;
      // Between the two lines the process may die: the next start then makes the record from the same config.
      await rm(this.options.file, { force: true });
      this.store = await openStore(this.options.file, initial);
      for (const callback of this.callbacks) {
        this.store.onApplied(callback);
        await callback(this.store.read().applied);
      }
      return true;
    });
  }
}

function openStore(file: string, initial: HydraSide): Promise<FileTargetStore<HydraSide>> {
  return createTargetStore({ file, initial, parseState: (value) => hydraSide.parse(value) });
}
