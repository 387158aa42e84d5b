import { CutoverFault, type FaultCode } from '../domain/faults';

/** One thing that is wrong with a config. Texts hold no secret and no value that may be one. */
export interface ConfigProblem {
  /** For example `blue.database.host`; empty for the file as a whole. */
  readonly path: string;
  /** Where it was written: `FILE:line:column`, an environment variable, or a `--set` flag. */
  readonly at: string;
  /** What was observed, and what is allowed. */
  readonly what: string;
  readonly fix: string;
}

export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function formatProblem(problem: ConfigProblem): string {
  const where = problem.path === '' ? problem.at : `${problem.path} (${problem.at})`;
  return `${where}: ${problem.what}; fix: ${problem.fix}`;
}

/** All problems in one fault: an operator fixes a config in one round. */
export function problemsFault(
  code: Extract<FaultCode, 'CONFIG_INVALID' | 'CONFIG_UNREADABLE'>,
  problems: readonly ConfigProblem[],
): CutoverFault {
  const lines = problems.map(formatProblem);
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  return new CutoverFault(code, `the config has ${count}:\n${lines.map((line) => `  - ${line}`).join('\n')}`, {
    problems: lines,
  });
}

const SHOWN_CHARACTERS_MAX = 80;

/**
 * A value for a message. A string may hold credentials in a place that is not meant for them, so what looks like them is cut
 * out; control characters are escaped.
 */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return typeof value;
  const masked = value
    .replace(/\/\/[^\s/]*@/g, '//[redacted]@')
    .replace(/(pass(?:word|wd)?|pwd|token|secret|key)(\s*[=:]\s*)\S+/gi, '$1$2[redacted]')
    .replace(/-----BEGIN[^]*/g, '[redacted]');
  return JSON.stringify(
    masked.length > SHOWN_CHARACTERS_MAX ? `${masked.slice(0, SHOWN_CHARACTERS_MAX - 1)}…` : masked,
  );
}
