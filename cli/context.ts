import { type Readable, type Writable } from 'node:stream';
import { type Logger } from '../config/logger';
import { namingConfig } from './named-config';

/** Everything a verb may touch of the process it runs in. */
export interface CliContext {
  /** Results, and nothing else. */
  readonly stdout: Writable;
  /** Logs, progress and faults. */
  readonly stderr: Writable;
  /** A terminal where somebody can answer; undefined where nobody can. */
  readonly terminal?: Readable;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logger: Logger;
  /** As it was named on the command line: what is advised names it, too. Undefined: the environment names it. */
  readonly config?: string;
}

/** Version of every JSON object that the CLI prints. It changes when a field goes or changes its meaning. */
export const OUTPUT_SCHEMA_VERSION = 1;

/** How wide a stream is, in characters; Infinity where nobody sees its lines break. */
export function widthOf(stream: Writable): number {
  const { columns } = stream as { readonly columns?: number };
  return columns === undefined || columns <= 0 ? Infinity : columns;
}

/** The size of a terminal that takes more than lines; undefined for everything else: a file, a pipe, a log, `TERM=dumb`. */
export function screenOf(
  { env }: CliContext,
  stream: Writable,
): { readonly columns: number; readonly rows: number } | undefined {
  const { isTTY, columns, rows } = stream as Partial<Record<'columns' | 'rows', number>> & { readonly isTTY?: boolean };
  if (isTTY !== true || env.TERM === 'dumb' || !columns || !rows) return undefined;
  return { columns, rows };
}

/** Prints a result for people, with the config in each command that it advises. */
export function print({ stdout, config }: CliContext, text: string): void {
  stdout.write(namingConfig(text, config));
}

/** The same beside the result. */
export function note({ stderr, config }: CliContext, text: string): void {
  stderr.write(namingConfig(text, config));
}

/** Prints one JSON object in a line of its own: one of several. */
export function lineJson(context: CliContext, value: Readonly<Record<string, unknown>>): void {
  context.stdout.write(`${jsonOf(context, value)}\n`);
}

/** Prints one JSON object as the whole result. */
export function printJson(context: CliContext, value: Readonly<Record<string, unknown>>): void {
  context.stdout.write(`${jsonOf(context, value, 2)}\n`);
}

/** Advice stands in its texts, too, and whoever shows them copies commands out of them. */
function jsonOf({ config }: CliContext, value: Readonly<Record<string, unknown>>, indent?: number): string {
  const named = (_key: string, inner: unknown) => (typeof inner === 'string' ? namingConfig(inner, config) : inner);
  return JSON.stringify({ schemaVersion: OUTPUT_SCHEMA_VERSION, ...value }, named, indent);
}
