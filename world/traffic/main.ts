import { errorMessage } from '../../domain/error-message';
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createLogger, type Logger } from '../../config/logger';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { writeAtomically } from '../supervisor';
import { readTrafficConfig, type TrafficConfig } from './config';
import { startTrafficControl } from './control';
import { Traffic } from './traffic';

interface Arguments {
  readonly config: string;
  readonly ready: string | undefined;
  readonly report: string | undefined;
  readonly controlPort: number;
}

const USAGE =
  'usage: --config FILE [--ready FILE] [--report FILE] [--control-port N]; control token in TRAFFIC_CONTROL_TOKEN';

/**
 * The life of a traffic process: prepares clients, runs until its duration is over, `POST /stop`, SIGTERM or SIGINT, then
 * checks all promises once more and writes the report. Exit codes: 0 ended in order, whatever the oracle found (the
 * report says it); else that of the fault.
 */
async function run(logger: Logger): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  const token = process.env['TRAFFIC_CONTROL_TOKEN'] ?? '';
  if (token === '') throw new CutoverFault('USAGE', `TRAFFIC_CONTROL_TOKEN is not set; ${USAGE}`);
  const config = await readTrafficConfig(args.config);
  const reportFile = args.report ?? config.reportFile;
  // What an earlier life left would be taken for this one's.
  for (const file of [args.ready, reportFile]) if (file !== undefined) await rm(file, { force: true });
  const end = endSignal(config);
  const traffic = await Traffic.prepare(config, logger);
  const control = await startTrafficControl({ traffic, token, port: args.controlPort, onStop: end.now, logger });
  traffic.begin();
  end.startClock();
  if (args.ready !== undefined) writeAtomically(args.ready, { controlUrl: control.url, pid: process.pid });
  await end.reached;
  await traffic.stop();
  if (config.check.atEnd && !end.urged()) await Promise.race([traffic.check(), end.urgedLater]);
  if (reportFile !== undefined) writeAtomically(reportFile, traffic.report());
  await control.close();
  await traffic.close();
}

/** The first wish ends the traffic, a second one also the check at the end. */
function endSignal(config: TrafficConfig): {
  reached: Promise<void>;
  urgedLater: Promise<void>;
  now: () => void;
  urged: () => boolean;
  startClock: () => void;
} {
  let wishes = 0;
  let reach = (): void => undefined;
  let urge = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const urgedLater = new Promise<void>((resolve) => (urge = resolve));
  const now = (): void => {
    wishes += 1;
    reach();
    if (wishes > 1) urge();
  };
  process.on('SIGTERM', now);
  process.on('SIGINT', now);
  const startClock = (): void => {
    if (config.durationMs !== undefined) setTimeout(reach, config.durationMs).unref();
  };
  return { reached, urgedLater, now, urged: () => wishes > 1, startClock };
}

function readArguments(args: string[]): Arguments {
  try {
    const string = { type: 'string' } as const;
    const options = { config: string, ready: string, report: string, 'control-port': string };
    const { values } = parseArgs({ args, options });
    const controlPort = Number(values['control-port'] ?? '0');
    if (values.config === undefined) throw new Error('--config FILE is missing');
    if (!Number.isInteger(controlPort) || controlPort < 0) throw new Error('--control-port is no port');
    return { config: values.config, ready: values.ready, report: values.report, controlPort };
  } catch (error) {
    const reason = errorMessage(error);
    throw new CutoverFault('USAGE', `${reason}; ${USAGE}`, {}, error);
  }
}

const logger = createLogger({ bindings: { process: 'traffic' } });
run(logger).then(
  () => process.exit(0),
  (error: unknown) => {
    const fault = asCutoverFault(error);
    logger.fatal({ code: fault.code, err: fault }, 'traffic ended with a fault');
    process.exit(fault.exitCode);
  },
);
