import pino from 'pino';
import { type GatewayConfig } from './config-schema';
import { type ExchangeReport } from './exchange-report';

export type Log = pino.Logger;

/** A path may carry a client's or a user's identifier; it is cut, and its query never gets here. */
const PATH_LENGTH_MAX = 200;
const BUFFER_BYTES = 8 * 1024;
const FLUSH_MS = 1_000;

/** Events of the gateway: JSON lines on stderr, written at once. */
export function createLog(level: GatewayConfig['logLevel']): Log {
  return pino(
    {
      level,
      base: { process: 'gateway' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

export interface AccessLog {
  write(report: ExchangeReport): void;
  close(): void;
}

/**
 * One line per request on stdout. Lines are buffered for up to a second; what is not written at a kill is lost.
 *
 * No header, query or body is among the fields, so no token can be.
 */
export function createAccessLog(settings: GatewayConfig['accessLog']): AccessLog {
  const { level, sampleRate } = settings;
  if (level === 'off') return { write: () => undefined, close: () => undefined };
  const destination = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES });
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  destination.on('error', () => undefined); // a closed pipe costs the log, not the service
  const flusher = setInterval(() => destination.flush(), FLUSH_MS).unref();
  let owed = 0;
  return {
    write(report) {
      const isError = report.status >= 500 || !report.complete;
      if (!isError) {
        if (level === 'errors') return;
        owed += sampleRate;
        if (owed < 1) return;
        owed -= 1;
      }
      log.info({
        requestId: report.requestId,
        client: report.client,
        listener: report.listener,
        side: report.side,
        method: report.method,
        path: report.path.slice(0, PATH_LENGTH_MAX),
        status: report.status,
        complete: report.complete,
        durationMs: Math.round(report.durationMs * 100) / 100,
        parkedMs: report.parkedMs > 0 ? Math.round(report.parkedMs) : undefined,
        sentBytes: report.sentBytes,
      });
    },
    close() {
      clearInterval(flusher);
      destination.flushSync();
      destination.end();
    },
  };
}
