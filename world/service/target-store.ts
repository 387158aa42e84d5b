import {
  applyTarget,
  commitTarget,
  initialTargetRecord,
  revertTarget,
  stageTarget,
  type EpochState,
  type TargetRecord,
  type TargetResult,
} from '../../domain/target';
import { knownRecord, withRecordVersion } from '../../domain/record-version';
import { Serial } from '../../gateway/core/serial';
import { acceptState, type TargetStore } from '../../gateway/core/target-port';
import { DurableJson } from '../../gateway/target/durable-json';
import { parseTargetRecord } from '../../gateway/target/target-record-schema';

/** Told of each change of the applied state; the call that caused it answers once every callback is done. */
export type AppliedCallback<State> = (applied: EpochState<State>) => void | Promise<void>;

export interface TargetStoreOptions<State> {
  /** Absolute path of the state file; its folder is created. */
  readonly file: string;
  /** The state at epoch 0, used only while the file does not exist. */
  readonly initial: State;
  /** Judges a state from the wire or from the file. Throws an Error that says what is wrong; the routes answer 422 with it. */
  readonly parseState: (value: unknown) => State;
}

/**
 * A {@link TargetStore} in one file. Every change is on disk before its promise resolves and before any callback hears of it.
 * Calls are decided one after the other, in the order they came.
 */
export class FileTargetStore<State> implements TargetStore<State> {
  private readonly callbacks = new Set<AppliedCallback<State>>();
  private readonly serial = new Serial();
  /** The applied entry every callback has accepted; behind `record.applied` only after a callback failed. */
  private announced: EpochState<State>;

  constructor(
    private readonly document: DurableJson<TargetRecord<State>>,
    private readonly parseState: (value: unknown) => State,
    private record: TargetRecord<State>,
  ) {
    this.announced = record.applied;
  }

  read(): TargetRecord<State> {
    return this.record;
  }

  async stage(epoch: number, state: unknown): Promise<TargetResult<State>> {
    const parsed = acceptState(state, this.parseState);
    return this.change((record) => stageTarget(record, epoch, parsed));
  }

  async apply(epoch: number): Promise<TargetResult<State>> {
    return this.change((record) => applyTarget(record, epoch));
  }

  async revert(epoch: number): Promise<TargetResult<State>> {
    return this.change((record) => revertTarget(record, epoch));
  }

  async tellCommitted(epoch: number, state: unknown): Promise<TargetResult<State>> {
    const parsed = acceptState(state, this.parseState);
    return this.change((record) => commitTarget(record, epoch, parsed));
  }

  /** @returns a function that ends the subscription. A callback that throws is called again by the next repeat of the call. */
  onApplied(callback: AppliedCallback<State>): () => void {
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  private change(decide: (record: TargetRecord<State>) => TargetResult<State>): Promise<TargetResult<State>> {
    return this.serial.run(async () => {
      const result = decide(this.record);
      if (!result.ok) return result;
      if (result.changed) {
        await this.document.write(withRecordVersion(result.record));
        this.record = result.record;
      }
      await this.announce();
      return result;
    });
  }

  private async announce(): Promise<void> {
    const { applied } = this.record;
    if (this.announced === applied) return;
    for (const callback of this.callbacks) await callback(applied);
    this.announced = applied;
  }
}

/**
 * Opens (or, at the first start, creates) a target's durable record.
 * @throws CutoverFault STATE_UNREADABLE | DISK_FULL | STATE_UNWRITABLE
 */
export async function createTargetStore<State>(options: TargetStoreOptions<State>): Promise<FileTargetStore<State>> {
  const document = new DurableJson(options.file, (value) =>
    parseTargetRecord(knownRecord(value, `state file ${options.file}`), options.parseState),
  );
  let record = await document.read();
  if (record === undefined) {
    record = initialTargetRecord(options.initial);
    await document.write(withRecordVersion(record));
  }
  return new FileTargetStore(document, options.parseState, record);
}
