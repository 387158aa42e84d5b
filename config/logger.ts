import pino from 'pino';
import { REDACTED, REDACTION_PATHS } from './redaction';

export type Logger = pino.Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Fields on every line, for example `{ process: 'rds-endpoint' }`. */
  readonly bindings?: Readonly<Record<string, string | number>>;
  /** @default stderr: stdout belongs to results */
  readonly destination?: pino.DestinationStream;
}

/** JSON lines on stderr; secrets redacted by path (`redaction.ts`); errors under `err`. */
export function createLogger(options: LoggerOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: options.bindings ?? {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...REDACTION_PATHS], censor: REDACTED },
    },
    options.destination ?? stderr(),
  );
}

/** A log that cannot be written (full disk, reader gone) is lost; it must not end the process that serves. */
function stderr(): pino.DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true });
  destination.on('error', () => undefined);
  return destination;
}
