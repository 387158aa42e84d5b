import { InvalidArgumentError, Option, type Command } from 'commander';
import { LOG_LEVELS } from '../config/logger';
import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX } from '../domain/runbook';
import { type CliContext } from './context';

/** One command of the CLI, one file each. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs for `--help` and the reference. */
  readonly description: readonly string[];
  readonly examples: readonly string[];
  /** Fields of the object that `--json` prints, for the reference. */
  readonly json: Readonly<Record<string, string>>;
  readonly exitCodes: Readonly<Record<number, string>>;
  /** True when the verb ends by itself on SIGINT and SIGTERM; otherwise the process ends at once. */
  readonly handlesSignals: boolean;
  /** Of a verb that does not handle signals, and leaves something going or half done when one ends it: what to do then. */
  readonly whenInterrupted?: string;
  readonly addOptions: (command: Command) => void;
  /** @returns the exit code @throws CutoverFault */
  readonly run: (options: Readonly<Record<string, unknown>>, context: CliContext) => Promise<number>;
}

/** What a verb does is loaded when it runs, so that `--help` stays fast. @typeParam Options as `addOptions` makes them */
export function lazily<Options>(load: () => (options: Options, context: CliContext) => Promise<number>): Verb['run'] {
  return (options, context) => load()(options as unknown as Options, context);
}

export function addCommonOptions(command: Command): void {
  command
    .addOption(new Option('--json', 'print one JSON object on stdout').default(false))
    .addOption(new Option('--log-level <level>', 'lowest level of the log on stderr').choices([...LOG_LEVELS]));
}

/** For options that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** What a person says of himself or of the reason: the workflow would refuse it, too, but only when it has begun. */
export function parseName(value: string): string {
  return parseText(value, NAME_LENGTH_MAX);
}

export function parseNote(value: string): string {
  return parseText(value, NOTE_LENGTH_MAX);
}

function parseText(value: string, lengthMax: number): string {
  const text = value.trim();
  if (text === '' || text.length > lengthMax) throw new InvalidArgumentError(`Allowed: 1 to ${lengthMax} characters.`);
  return text;
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `90`, `90s`, `15m`, `2h`. @returns milliseconds */
export function parseWait(value: string): number {
  const [, count = '', unit = 's'] = /^(\d{1,6})([smh]?)$/.exec(value) ?? [];
  const ms = Number(count) * (UNITS_MS[unit === '' ? 's' : unit] ?? 0);
  if (count === '' || ms === 0) throw new InvalidArgumentError('Allowed: seconds, or 90s, 15m, 2h.');
  return ms;
}

export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new InvalidArgumentError('Allowed: 0 to 65535.');
  return port;
}
