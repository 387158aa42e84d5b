import { type ChildProcess } from 'node:child_process';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { hideContents } from './hide-contents';
import { OutputCause } from './output-cause';
import { OutputLines } from './output-lines';
import { type Redaction } from './redact-secrets';

/** More is not kept: the end of it counts. */
const STDOUT_CHARS_MAX = 1_048_576;
/** What a process that outlives the command keeps open is waited for no longer. */
const OUTPUT_LIMIT_MS = 1_000;

/** Both streams of a command, without secrets and bounded. */
export class CollectedOutput {
  stdout = '';
  failure: { readonly error: unknown } | undefined;
  onFailure: (error: unknown) => void = () => undefined;
  release: () => void = () => undefined;
  readonly #cause = new OutputCause();
  readonly #streams: readonly [OutputLines, OutputLines];
  readonly #onLine: (line: string) => void;

  /** @param onLine is told each line as it comes, without secrets and contents */
  constructor(redaction: Redaction, onLine: (line: string) => void) {
    this.#onLine = onLine;
    this.#streams = [
      new OutputLines(redaction, (line) => {
        this.stdout = `${this.stdout}${line}\n`;
        // Cut seldom: each cut copies what is kept.
        if (this.stdout.length > 2 * STDOUT_CHARS_MAX) this.stdout = this.stdout.slice(-STDOUT_CHARS_MAX);
        this.#take(line);
      }),
      new OutputLines(redaction, (line) => this.#take(line)),
    ];
  }

  get causeLines(): readonly string[] {
    return this.#cause.lines;
  }

  get lineCount(): number {
    return this.#cause.count;
  }

  follow(child: ChildProcess): void {
    child.stdout?.on('data', (chunk: Buffer) => this.#streams[0].write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#streams[1].write(chunk));
  }

  /** Waits for the rest of the output, as long as nobody else keeps it open. */
  async finish(child: ChildProcess): Promise<void> {
    this.release();
    const streams = [child.stdout, child.stderr].flatMap((stream) => stream ?? []);
    const limit = new AbortController();
    const ended = streams.map((stream) =>
      stream.closed ? Promise.resolve() : new Promise<void>((resolve) => stream.once('close', resolve)),
    );
    await Promise.race([
      Promise.all(ended),
      // A turn more: what is in the pipes by then came in time, and it is this process that was late.
      sleep(OUTPUT_LIMIT_MS, undefined, { signal: limit.signal }).then(
        () => turn(),
        () => undefined,
      ),
    ]);
    limit.abort();
    for (const stream of streams) stream.destroy();
    for (const stream of this.#streams) stream.end();
    if (this.stdout.length > STDOUT_CHARS_MAX) this.stdout = this.stdout.slice(-STDOUT_CHARS_MAX);
  }

  #take(line: string): void {
    const shown = hideContents(line);
    this.#cause.take(shown);
    try {
      this.#onLine(shown);
    } catch (error) {
      this.failure ??= { error };
      this.onFailure(error);
    }
  }
}
