/** So many of the lines that say why are kept: the first ones, which are nearest to the cause, and the last one. */
const FIRST_MAX = 4;
const LINE_CHARS_MAX = 240;

/** How programs mark an error: a level at the beginning, as a field, or PostgreSQL's code at the end. */
const STRONG = [
  /^\W*(error|fatal|panic)\b\W*\s\w/i,
  /\b(ERROR|FATAL|PANIC):/,
  /\bSQLSTATE\b/,
  /\b(level|severity)"?\s*[=:]\s*"?(error|fatal|panic|critical)\b/i,
  /^(error|fatal|panic|critical): /i,
];
/** Words in which a program without levels says what went wrong; asked only where no line is stronger. */
const WEAK =
  /\b(failed|failure|cannot|could not|can't|unable to|not found|no such|denied|refused|timed? ?out|unreachable|invalid|missing|unknown|exceeded|no space left|not allowed|not permitted)\b/i;
/** Where a Go program was when it gave up: a function alone, or a file with its line. */
const STACK_FRAME =
  /^\s*(goroutine \d+ \[|\S+\.(go|s):\d+(\s\+0x[0-9a-f]+)?$|created by \S+|[\w./*@()-]+\.[\w.*()[\]-]+(\(.*\))?$)/;
/** Statements that a program prints before it runs them; words of errors are names of columns there. */
const SQL =
  /^\s*(--|[\w.]+\s+(VARCHAR|TEXT|INT|INTEGER|BOOL|BOOLEAN|TIMESTAMP|UUID|JSONB?)\b|.*\b(IS NOT NULL|IS NULL)\b)/i;

/** Finds in the output of a command the lines that say why it failed, however much it printed around them. Bounded. */
export class OutputCause {
  readonly #strong: string[] = [];
  #lastStrong: string | undefined;
  #weak: string | undefined;
  #count = 0;

  /** @param line without secrets and contents */
  take(line: string): void {
    this.#count += 1;
    if (line.trim() === '' || STACK_FRAME.test(line) || SQL.test(line)) return;
    if (STRONG.some((pattern) => pattern.test(line))) {
      if (this.#strong.length < FIRST_MAX) this.#strong.push(short(line));
      else this.#lastStrong = short(line);
    } else if (WEAK.test(line)) this.#weak = short(line);
  }

  /** How many lines there were in all. */
  get count(): number {
    return this.#count;
  }

  /** In the order in which they came; none where no line looks like a cause. */
  get lines(): readonly string[] {
    if (this.#strong.length > 0)
      return [...this.#strong, ...(this.#lastStrong === undefined ? [] : [this.#lastStrong])];
    return this.#weak === undefined ? [] : [this.#weak];
  }
}

/** Without the statement that a program adds to its error, of which the database has the text. */
function short(line: string): string {
  const said = line.trim().replace(/,? sql: .*$/i, '');
  return said.length <= LINE_CHARS_MAX ? said : `${said.slice(0, LINE_CHARS_MAX)}…`;
}
