import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cli/run-program';

/** One command line of a document, as a reader would type it. */
export interface DocumentedCommand {
  /** `docs/runbook.md:12`, for messages. */
  readonly place: string;
  readonly text: string;
}

/** @returns the commands of all fenced `sh` blocks of a document, in their order */
export function commandsOf(document: string): readonly DocumentedCommand[] {
  return commandsIn(document, readFileSync(join(ROOT, document), 'utf8'));
}

/** @param markdown for example of a document that was just read */
export function commandsIn(document: string, markdown: string): readonly DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  let fence: string | undefined;
  let begun: { readonly line: number; readonly text: string } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const mark = /^\s*(`{3,})\s*(\S*)/.exec(line);
    if (mark !== null) {
      fence = fence === undefined ? (mark[2] ?? '') : undefined;
      continue;
    }
    if (fence !== 'sh') continue;
    const joined: string = (begun === undefined ? '' : `${begun.text} `) + withoutComment(line).trim();
    const start = begun?.line ?? index + 1;
    if (joined.endsWith('\\')) {
      begun = { line: start, text: joined.slice(0, -1).trim() };
      continue;
    }
    begun = undefined;
    if (joined !== '') commands.push({ place: `${document}:${start}`, text: joined });
  }
  return commands;
}

/** A `#` in quotes or inside a word is none. */
function withoutComment(line: string): string {
  const quoted = /"[^"]*"|'[^']*'/g;
  const masked = line.replace(quoted, (text) => 'x'.repeat(text.length));
  const at = masked.search(/(^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}

/** Whether it takes a shell: a pipe, a redirection, a variable, several commands. */
export function needsShell(text: string): boolean {
  return /[|<>;&`$]/.test(text.replace(/'[^']*'/g, '').replace(/"[^"$`]*"/g, ''));
}

/** The words of a command that takes no shell. */
export function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
}
