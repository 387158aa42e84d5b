import { errorMessage } from '../../domain/error-message';
import { randomBytes } from 'node:crypto';
import { access, constants, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { commandSaid } from '../../domain/command-said';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type CommandRunner } from '../../domain/ports/command-runner';
import { highestEpoch, initialTargetRecord, type TargetRecord } from '../../domain/target';
import { errorCode } from '../network-errors';
import { type Change, type Held, type RecordStore, type State } from '../target-record/record-target';
import { type Entry, RecordJournal } from './record-journal';
import { assertPlace } from './place';
import { ifThere, moveOver, readText, realFile, writeLike } from './replace-file';
import { parsedJson, sameJson } from '../../domain/json';

/** What the operator's command is called inside. */
export type ReloadCommand = 'reload';

export interface FileStoreOptions {
  readonly name: string;
  /** Absolute path of the file that the foreign system reads. */
  readonly file: string;
  /** The text of the file `.NAME.cutover.place` beside it, which tells its folder from others, see {@link assertPlace}. */
  readonly place: string;
  /** The texts that the file may have; content that says the same in JSON counts as one of these. */
  readonly known: readonly string[];
  /** Has a command `reload`, or none when the foreign system sees a new file by itself. */
  readonly commands: CommandRunner<ReloadCommand>;
}

/** No place left. Source: write(2). */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** {@link RecordStore} of one file: its text is the state, null when there is none. Nothing but a whole text ever stands there. */
export class FileStore implements RecordStore<number> {
  readonly #options: FileStoreOptions;
  readonly #journal: RecordJournal;

  constructor(options: FileStoreOptions) {
    this.#options = options;
    this.#journal = new RecordJournal(options.file);
  }

  load(): Promise<Held<number>> {
    return this.#told(async () => {
      const { name, file, place } = this.#options;
      await assertPlace({ name, marker: this.#journal.beside('place'), file, place });
      const [{ version, entry }, live] = [await this.#journal.newest(), await this.#live()];
      if (entry === undefined) return { record: initialTargetRecord(live), live, settled: true, version };
      return { ...entry, live, version };
    });
  }

  /** The file and a command that can be started: what an apply needs is there before anything is held. */
  prove(epoch: number, state: State): Promise<undefined> {
    return this.#told(async () => {
      const { name, file, commands } = this.#options;
      const problem = commands.has('reload') ? await commands.problem?.('reload') : undefined;
      if (problem !== undefined) throw invalid(name, `its reload command cannot be started: ${problem}`);
      if ((await this.#live()) === null) {
        throw invalid(name, `${file} does not exist; put there what it has while blue serves, or correct the path`);
      }
      const real = await realFile(file);
      await access(dirname(real), constants.W_OK);
      await moveOver(await this.#draft(real, state), stagedFile(real, epoch));
      return undefined;
    });
  }

  save(held: Held<number>, { record, live }: Change): Promise<Held<number> | undefined> {
    return this.#told(async () => {
      const settled = live === undefined && held.settled;
      if (!(await this.#journal.append(held.version, { record, settled }))) return undefined;
      const version = held.version + 1;
      if (live !== undefined) return this.#settle(version, record);
      await this.#removeStaged(record);
      return { record, live: await this.#live(), settled, version };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * The record is first, the file follows: whoever dies in between leaves it open, and everybody can see that. A slow one may
   * write over what a newer record put there, so it looks again until nobody came in between.
   */
  async #settle(version: number, record: TargetRecord<State>): Promise<Held<number> | undefined> {
    let latest: { readonly version: number; readonly entry: Entry | undefined } = {
      version,
      entry: { record, settled: false },
    };
    for (let first = true; latest.entry !== undefined; first = false) {
      const entry = { record: latest.entry.record, settled: true };
      await this.#use(entry.record);
      if (await this.#journal.append(latest.version, entry)) {
        await this.#removeStaged(entry.record);
        return first ? { ...entry, live: await this.#live(), version: latest.version + 1 } : undefined;
      }
      latest = await this.#journal.newest();
    }
    return undefined;
  }

  async #use({ applied }: TargetRecord<State>): Promise<void> {
    const { name, file } = this.#options;
    await this.#replace(applied.state, applied.epoch);
    if (!sameJson(await this.#live(), applied.state)) {
      throw new CutoverFault(
        'TARGET_UNREACHABLE',
        `${file} of ${name} does not have what was just written to it; look for another program that writes there`,
        { name, epoch: applied.epoch },
      );
    }
    await this.#reload();
  }

  async #replace(state: State, epoch: number): Promise<void> {
    if (sameJson(await this.#live(), state)) return;
    const real = await realFile(this.#options.file);
    if (state === null) {
      await rm(real, { force: true });
      return;
    }
    const staged = stagedFile(real, epoch);
    if ((await readText(staged)) === asText(state) && (await isMoved(staged, real))) return;
    await moveOver(await this.#draft(real, state), real);
  }

  /** In the folder of the file itself: a rename works within one file system only. */
  async #draft(real: string, state: State): Promise<string> {
    const draft = join(dirname(real), `.${basename(real)}.cutover.draft-${randomBytes(8).toString('hex')}`);
    await writeLike(draft, asText(state), real);
    return draft;
  }

  async #reload(): Promise<void> {
    const { name, commands } = this.#options;
    if (!commands.has('reload')) return;
    const result = await commands.run('reload', {});
    if (result.exitCode === 0) return;
    throw new CutoverFault(
      'COMMAND_FAILED',
      `the reload command of target ${name} ended with ${result.exitCode ?? 'a signal'}; it is run again when the epoch is applied again. ${commandSaid('reload', result)}`,
      { name },
    );
  }

  async #live(): Promise<string | null> {
    const text = await readText(this.#options.file);
    return text === undefined ? null : (this.#options.known.find((known) => saysTheSame(known, text)) ?? text);
  }

  /** Those of epochs that are over; a newer one may be somebody's who has not written a record yet. */
  async #removeStaged(record: TargetRecord<State>): Promise<void> {
    const real = await realFile(this.#options.file);
    const folder = dirname(real);
    for (const name of (await ifThere(readdir(folder))) ?? []) {
      const epoch = name.startsWith(stagedPrefix(real)) ? Number(name.slice(stagedPrefix(real).length)) : Infinity;
      if (epoch <= highestEpoch(record) && epoch !== record.staged?.epoch)
        await rm(join(folder, name), { force: true });
    }
  }

  /** The errors of the file system as faults. */
  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isCutoverFault(error)) throw error;
      const { name, file } = this.#options;
      const full = FULL.has(errorCode(error) ?? '');
      throw new CutoverFault(
        full ? 'DISK_FULL' : 'STATE_UNWRITABLE',
        `${file} of ${name} cannot be used: ${errorMessage(error)}; fix it, files are made in its folder too`,
        { name, file },
        error,
      );
    }
  }
}

function stagedFile(file: string, epoch: number): string {
  return join(dirname(file), `${stagedPrefix(file)}${epoch}`);
}

/** @returns false when somebody else has moved it meanwhile */
async function isMoved(staged: string, file: string): Promise<boolean> {
  return (await ifThere(moveOver(staged, file).then(() => true))) ?? false;
}

function stagedPrefix(file: string): string {
  return `.${basename(file)}.cutover.epoch-`;
}

function saysTheSame(known: string, text: string): boolean {
  if (known === text) return true;
  const [a, b] = [parsedJson(known), parsedJson(text)];
  return a !== undefined && b !== undefined && sameJson(a, b);
}

function asText(state: State): string {
  return typeof state === 'string' ? state : JSON.stringify(state);
}

function invalid(name: string, what: string): CutoverFault {
  return new CutoverFault('TARGET_STATE_INVALID', `${name} cannot be staged: ${what}`, { name });
}
