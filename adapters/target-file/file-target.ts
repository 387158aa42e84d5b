import { type SideName } from '../../domain/sides';
import { RecordTarget } from '../target-record/record-target';
import { FileStore, type FileStoreOptions } from './file-store';

export interface FileTargetOptions extends Omit<FileStoreOptions, 'known'> {
  /** A text stands in the file as it is; everything else as JSON. */
  readonly states: Readonly<Record<SideName, unknown>>;
}

/**
 * {@link RecordTarget} for a system that is configured by a file: replaced atomically, then the optional command tells the system.
 *
 * What it knows of epochs stands in hidden files beside it, `.NAME.cutover.…`.
 */
export class FileTarget extends RecordTarget<number> {
  constructor({ states, ...store }: FileTargetOptions) {
    const texts = { blue: fileText(states.blue), green: fileText(states.green) };
    super({ name: store.name, states: texts, store: new FileStore({ ...store, known: Object.values(texts) }) });
  }
}

/** The text of a file for one side. */
export function fileText(state: unknown): string {
  return typeof state === 'string' ? state : `${JSON.stringify(state, null, 2)}\n`;
}
