import { type CommandRunner } from '../../domain/ports/command-runner';
import { type SideName } from '../../domain/sides';
import { RecordTarget } from '../target-record/record-target';
import { FileStore, type ReloadCommand } from './file-store';

export interface FileTargetOptions {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** The text of the file `.NAME.cutover.place` beside it. */
  readonly place: string;
  /** A text stands in the file as it is; everything else as JSON. */
  readonly states: Readonly<Record<SideName, unknown>>;
  readonly commands: CommandRunner<ReloadCommand>;
}

/**
 * {@link RecordTarget} for a system that is configured by a file: replaced atomically, then the optional command tells the system.
 *
 * What it knows of epochs stands in hidden files beside it, `.NAME.cutover.…`.
 */
export class FileTarget extends RecordTarget<number> {
  constructor({ name, file, place, states, commands }: FileTargetOptions) {
    const texts = { blue: fileText(states.blue), green: fileText(states.green) };
    super({ name, states: texts, store: new FileStore({ name, file, place, known: Object.values(texts), commands }) });
  }
}

/** The text of a file for one side. */
export function fileText(state: unknown): string {
  return typeof state === 'string' ? state : `${JSON.stringify(state, null, 2)}\n`;
}
