import { errorMessage } from '../../domain/error-message';
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createLogger, type Logger } from '../../config/logger';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { writeAtomically } from '../supervisor';

export interface ServiceContext {
  readonly configFile: string;
  /** From `CONTROL_TOKEN`. */
  readonly controlToken: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

export interface RunningService {
  readonly url: string;
  readonly controlUrl: string;
  /** SIGHUP. */
  reload: () => Promise<void>;
  /** SIGTERM and SIGINT. Lets requests under way finish. */
  close: () => Promise<void>;
}

export type StartService = (context: ServiceContext) => Promise<RunningService>;

/**
 * The life of a service process: `--config FILE [--ready FILE]`, control token from `CONTROL_TOKEN`.
 *
 * The ready file (`{ url, controlUrl, pid }`, whole or absent) appears when both listeners answer. Exit codes: 0 after
 * SIGTERM or SIGINT, else that of the fault (2 for a bad command line or config).
 */
export async function runService(name: string, start: StartService): Promise<void> {
  const logger = createLogger({ bindings: { process: name } });
  try {
    const { configFile, readyFile } = readArguments(process.argv.slice(2));
    const controlToken = process.env['CONTROL_TOKEN'] ?? '';
    if (controlToken === '') {
      throw new CutoverFault('USAGE', 'CONTROL_TOKEN is not set; put a random value into the environment');
    }
    // One that an earlier life left would name ports that are gone.
    if (readyFile !== undefined) await rm(readyFile, { force: true });
    const service = await start({ configFile, controlToken, env: process.env, logger });
    handleSignals(service, logger);
    if (readyFile !== undefined) {
      writeAtomically(readyFile, { url: service.url, controlUrl: service.controlUrl, pid: process.pid });
    }
    logger.info({ url: service.url, controlUrl: service.controlUrl }, 'service started');
  } catch (error) {
    const fault = asCutoverFault(error);
    logger.fatal({ code: fault.code, err: fault }, 'service could not start');
    process.exit(fault.exitCode);
  }
}

function readArguments(args: string[]): { configFile: string; readyFile: string | undefined } {
  try {
    const { values } = parseArgs({ args, options: { config: { type: 'string' }, ready: { type: 'string' } } });
    if (values.config === undefined) throw new Error('--config FILE is missing');
    return { configFile: values.config, readyFile: values.ready };
  } catch (error) {
    const reason = errorMessage(error);
    throw new CutoverFault('USAGE', `${reason}; usage: --config FILE [--ready FILE]`, {}, error);
  }
}

function handleSignals(service: RunningService, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(130); // somebody insists
    stopping = true;
    logger.info({ signal }, 'service stops');
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'service did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => void service.reload());
}
