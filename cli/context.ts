import { type Readable, type Writable } from 'node:stream';
import { type Logger, type LogLevel } from '../config/logger';

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
}

/** Options that every verb has. */
export interface CommonOptions {
  readonly json: boolean;
  readonly logLevel?: LogLevel;
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

/** Prints one JSON object in a line of its own: one of several. */
export function lineJson(context: CliContext, value: Readonly<Record<string, unknown>>): void {
  context.stdout.write(`${JSON.stringify({ schemaVersion: OUTPUT_SCHEMA_VERSION, ...value })}\n`);
}

/** Prints one JSON object as the whole result. */
export function printJson(context: CliContext, value: Readonly<Record<string, unknown>>): void {
  context.stdout.write(`${JSON.stringify({ schemaVersion: OUTPUT_SCHEMA_VERSION, ...value }, undefined, 2)}\n`);
}
