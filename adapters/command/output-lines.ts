import { StringDecoder } from 'node:string_decoder';
import { type Redaction } from './redact-secrets';

/** A line that is longer is handed on in pieces of this length. */
const LINE_CHARS_MAX = 16_384;

/** Cuts a stream of bytes into lines without secrets, in memory that does not grow with the stream. */
export class OutputLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #redaction: Redaction;
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(redaction: Redaction, onLine: (line: string) => void) {
    this.#redaction = redaction;
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#emit(line.replace(/\r$/, ''));
    if (this.#rest.length > LINE_CHARS_MAX + this.#redaction.longest) this.#emitPiece();
  }

  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last !== '') this.#emit(last);
  }

  #emit(line: string): void {
    const shown = this.#redaction.replace(line);
    for (let at = 0; at === 0 || at < shown.length; at += LINE_CHARS_MAX) {
      this.#onLine(shown.slice(at, at + LINE_CHARS_MAX));
    }
  }

  /** What may be the beginning of a secret is kept until the rest of it is there. */
  #emitPiece(): void {
    const shown = this.#redaction.replace(this.#rest);
    const keep = Math.min(shown.length, this.#redaction.longest);
    this.#rest = shown.slice(shown.length - keep);
    const piece = shown.slice(0, shown.length - keep);
    for (let at = 0; at < piece.length; at += LINE_CHARS_MAX) this.#onLine(piece.slice(at, at + LINE_CHARS_MAX));
  }
}
