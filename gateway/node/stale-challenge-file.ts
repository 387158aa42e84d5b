import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { storageFault, syncFolder } from '../target/durable-json';

/** Where a line is in the file. */
export interface LinePlace {
  readonly offset: number;
  readonly length: number;
}

const lineSchema = z.strictObject({ url: z.string(), of: z.array(z.string()) });
/** One address, and the hashes of everything that leads to it. */
export type StaleChallengeLine = z.output<typeof lineSchema>;

const NEWLINE = 0x0a;

/** Lines of JSON in a file that only grows until it is emptied. One process writes it; calls of `append` and `empty` must not overlap. */
export class StaleChallengeFile {
  /** Bytes behind `size` are of an append that failed, or of one that a crash cut short. */
  private torn = true;

  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
    private size: number,
  ) {}

  /**
   * Makes the file when there is none, and tells of every line that is in it, oldest first. What a crash left of the last
   * line is dropped.
   *
   * @param onLine undefined stands for a line that cannot be read
   * @throws CutoverFault STATE_UNREADABLE | STATE_UNWRITABLE | DISK_FULL
   */
  static async open(
    file: string,
    onLine: (line: StaleChallengeLine | undefined, place: LinePlace) => void,
  ): Promise<StaleChallengeFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
      await syncFolder(dirname(file));
      return new StaleChallengeFile(file, handle, await readLines(handle, onLine));
    } catch (error) {
      await handle?.close();
      throw storageFault(file, error);
    }
  }

  /**
   * Durable when it resolves. After a rejection none of it counts, and the call may be repeated.
   * @throws CutoverFault STATE_UNWRITABLE | DISK_FULL
   */
  async append(lines: readonly StaleChallengeLine[]): Promise<LinePlace[]> {
    const encoded = lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`));
    const bytes = Buffer.concat(encoded);
    try {
      if (this.torn) await this.handle.truncate(this.size);
      this.torn = true;
      for (let written = 0; written < bytes.length;) {
        const result = await this.handle.write(bytes, written, bytes.length - written, this.size + written);
        written += result.bytesWritten;
      }
      await this.handle.sync();
    } catch (error) {
      throw storageFault(this.file, error);
    }
    this.torn = false;
    let offset = this.size;
    const places = encoded.map(({ length }) => {
      const place = { offset, length: length - 1 };
      offset += length;
      return place;
    });
    this.size += bytes.length;
    return places;
  }

  /** @returns when it was written last, by the clock of its machine in milliseconds; undefined while it is empty */
  async writtenAtMs(): Promise<number | undefined> {
    const { size, mtimeMs } = await this.handle.stat();
    return size === 0 ? undefined : mtimeMs;
  }

  /** Durable when it resolves. @throws CutoverFault STATE_UNWRITABLE */
  async empty(): Promise<void> {
    try {
      await this.handle.truncate(0);
      await this.handle.sync();
    } catch (error) {
      throw storageFault(this.file, error);
    }
    this.size = 0;
    this.torn = false;
  }

  async read({ offset, length }: LinePlace): Promise<StaleChallengeLine> {
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, offset);
    const line = bytesRead === length ? parseLine(buffer) : undefined;
    if (line === undefined) throw new Error(`${this.file} was changed by somebody else`);
    return line;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** @returns where the last complete line ends */
async function readLines(
  handle: FileHandle,
  onLine: (line: StaleChallengeLine | undefined, place: LinePlace) => void,
): Promise<number> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  const chunks = handle.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      onLine(parseLine(bytes.subarray(start, end)), { offset: offset + start, length: end - start });
      start = end + 1;
    }
    offset += start;
    rest = bytes.subarray(start);
  }
  return offset;
}

function parseLine(bytes: Buffer): StaleChallengeLine | undefined {
  try {
    return lineSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}
