import { z } from 'zod';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { knownRecord, withRecordVersion } from '../../domain/record-version';
import { initialTargetRecord, type TargetRecord } from '../../domain/target';
import { storedRecord } from '../target-record/record-schema';
import { type Change, type Held, type RecordStore, type State } from '../target-record/record-target';
import { EtcdClient, type EtcdOptions } from './etcd-client';

export interface KeysStoreOptions extends EtcdOptions {
  /** Those that the foreign system reads. */
  readonly keys: readonly string[];
  /** Where the record stands. */
  readonly recordKey: string;
}

/** Key → the revision of its last change; `0` where it is not there. */
export type Revisions = ReadonlyMap<string, string>;

const keysState = z.record(z.string(), z.string().nullable());

/**
 * {@link RecordStore} of some keys: a state is key → value, null where a key is not there. Every change is one transaction over all
 * of them and the record, on the condition that none was changed since it was read.
 */
export class KeysStore implements RecordStore<Revisions> {
  readonly #options: KeysStoreOptions;
  readonly #client: EtcdClient;

  constructor(options: KeysStoreOptions) {
    this.#options = options;
    this.#client = new EtcdClient(options);
  }

  async load(): Promise<Held<Revisions>> {
    const { keys, recordKey } = this.#options;
    const found = await this.#client.read([recordKey, ...keys]);
    const live = Object.fromEntries(keys.map((key) => [key, found.get(key)?.value ?? null]));
    const stored = found.get(recordKey)?.value;
    const record = stored === undefined ? initialTargetRecord(live) : this.#parse(stored);
    const version = new Map([recordKey, ...keys].map((key) => [key, found.get(key)?.modRevision ?? '0']));
    return { record, live, settled: true, version };
  }

  async save(held: Held<Revisions>, { record, live }: Change): Promise<Held<Revisions> | undefined> {
    const put = new Map<string, string | null>([[this.#options.recordKey, JSON.stringify(withRecordVersion(record))]]);
    if (live !== undefined) for (const [key, value] of this.#values(live.state)) put.set(key, value);
    const done = await this.#client.commit({ unchanged: held.version, put });
    return done ? this.load() : undefined;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #values(state: State): readonly (readonly [string, string | null])[] {
    const values = keysState.parse(state);
    return this.#options.keys.map((key) => [key, values[key] ?? null] as const);
  }

  #parse(stored: string): TargetRecord<State> {
    const { name, recordKey } = this.#options;
    try {
      const parsed: unknown = JSON.parse(stored);
      return storedRecord.parse(knownRecord(parsed, `etcd key ${recordKey} of ${name}`));
    } catch (error) {
      if (isCutoverFault(error)) throw error;
      throw new CutoverFault(
        'STATE_UNREADABLE',
        `etcd key ${recordKey} of ${name} is not what this program wrote; restore it, or remove it only when you know which epoch is committed`,
        { name, recordKey },
        error,
      );
    }
  }
}
