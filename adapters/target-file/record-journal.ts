import { randomBytes } from 'node:crypto';
import { link, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { knownRecord, withRecordVersion } from '../../domain/record-version';
import { type TargetRecord } from '../../domain/target';
import { errorCode } from '../network-errors';
import { storedRecord } from '../target-record/record-schema';
import { ifThere, readText, syncFolder, writeThrough } from './replace-file';

/** One version of what is known about a file. */
export interface Entry {
  readonly record: TargetRecord<unknown>;
  /** Whether the file has the applied state, and its reader was told. */
  readonly settled: boolean;
}

const entryBody: z.ZodType<Entry> = z.strictObject({ record: storedRecord, settled: z.boolean() });

/** A draft that is older was left by a process that died. */
const DRAFT_AGE_MS = 10 * 60_000;

/**
 * Versions of a record as files beside `file`, `.NAME.cutover.1` and so on; the highest counts. A version appears whole and only
 * once (link(2)), so that of two writers who saw the same version one loses.
 */
export class RecordJournal {
  readonly #folder: string;
  readonly #prefix: string;

  constructor(file: string) {
    this.#folder = dirname(file);
    this.#prefix = `.${basename(file)}.cutover.`;
  }

  /** Beside the versions, under a name that is none. */
  beside(name: string): string {
    return join(this.#folder, `${this.#prefix}${name}`);
  }

  /** @throws CutoverFault STATE_UNREADABLE when it is not what this class wrote */
  async newest(): Promise<{ readonly version: number; readonly entry: Entry | undefined }> {
    for (;;) {
      const version = Math.max(0, ...(await this.#versions()));
      if (version === 0) return { version, entry: undefined };
      const text = await readText(this.beside(String(version)));
      // Removed meanwhile: there is a newer one.
      if (text !== undefined) return { version, entry: this.#parse(version, text) };
    }
  }

  /** @returns whether `entry` is now the version after `version`; false when somebody else was faster */
  async append(version: number, entry: Entry): Promise<boolean> {
    const draft = this.beside(`draft-${randomBytes(8).toString('hex')}`);
    const next = this.beside(String(version + 1));
    try {
      const stored = { ...entry, record: withRecordVersion(entry.record) };
      await writeThrough(draft, JSON.stringify(stored));
      await link(draft, next);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      return false;
    } finally {
      await rm(draft, { force: true }).catch(() => undefined);
    }
    await syncFolder(this.#folder);
    const versions = await this.#versions();
    // The one that a slow writer saw may be gone, and with it what would have stopped him; the highest is never removed.
    if (Math.max(...versions) === version + 1) {
      await this.#sweep(version);
      return true;
    }
    await rm(next, { force: true });
    return false;
  }

  async #versions(): Promise<number[]> {
    const names = await readdir(this.#folder);
    return names.flatMap((name) => {
      const rest = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : '';
      return /^[1-9]\d*$/.test(rest) ? [Number(rest)] : [];
    });
  }

  /** The version before the newest stays, for whoever is reading it now. */
  async #sweep(newestToKeep: number): Promise<void> {
    const old = (await this.#versions()).filter((version) => version < newestToKeep);
    await Promise.all(old.map((version) => rm(this.beside(String(version)), { force: true })));
    const drafts = (await readdir(this.#folder)).filter((name) => name.startsWith(`${this.#prefix}draft-`));
    for (const draft of drafts) {
      const file = join(this.#folder, draft);
      const found = await ifThere(stat(file));
      if (found !== undefined && Date.now() - found.mtimeMs > DRAFT_AGE_MS) await rm(file, { force: true });
    }
  }

  #parse(version: number, text: string): Entry {
    const file = this.beside(String(version));
    try {
      const parsed = JSON.parse(text) as Partial<Entry> | null;
      return entryBody.parse({ ...parsed, record: knownRecord(parsed?.record, file) });
    } catch (error) {
      if (isCutoverFault(error)) throw error;
      throw new CutoverFault(
        'STATE_UNREADABLE',
        `${file} exists but is not what this program wrote; restore it, or remove it only when you know which epoch is committed`,
        { file },
        error,
      );
    }
  }
}
