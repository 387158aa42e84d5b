import { rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { traceSteps } from '../activities/trace-steps';
import { temporalConnection } from '../config/temporal-connection';
import { activitiesOf, inPlaceActivitiesOf } from '../activities/at-boundary';
import { STEPS } from '../activities';
import { IN_PLACE_STEPS } from '../activities/in-place';
import { asidesOf } from '../activities/keep-asides';
import { type Logger } from '../config/logger';
import { assertSupportedNode } from '../domain/supported-node';
import { loadConfig } from '../config/load';
import { type Config } from '../config/schema';
import { TemporalRunStatus } from '../adapters/temporal-history';
import { freeLoopbackPort, readSdkMetrics } from './sdk-metrics';
import { listenForHealth } from './health';
import { createInPlacePorts } from './in-place-ports';
import { createPorts, historyOptions } from './ports';
import { runMetrics } from './run-metrics';
import { SecretKeeper, withSecrets } from './secret-keeper';
import { toSettings } from './settings';
import { createTemporalWorker } from './temporal-worker';

export interface RunWorkerOptions {
  readonly file?: string;
  readonly set: readonly string[];
  /** Gets `{ pid, address, namespace, taskQueue, healthPort?, version? }` once the worker polls. */
  readonly ready?: string;
  /** New cutovers begin on the version of this worker from now on. */
  readonly makeCurrent?: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logger: Logger;
}

/**
 * Runs one worker until SIGINT or SIGTERM. Ending it loses nothing: another one goes on where it stopped.
 *
 * @returns the exit code
 * @throws CutoverFault NODE_UNSUPPORTED | CONFIG_INVALID | CONFIG_UNREADABLE | TEMPORAL_UNREACHABLE | CHECK_FAILED
 */
export async function runWorker(options: RunWorkerOptions): Promise<number> {
  assertSupportedNode(process.versions.node, 'worker');
  const { file, set, env, cwd, logger } = options;
  const ready = options.ready === undefined ? undefined : resolve(cwd, options.ready);
  // One that an earlier life left would say that this one is ready.
  if (ready !== undefined) await rm(ready, { force: true });
  const reload = (): Config => loadConfig({ env, cwd, set, file });
  const config = reload();
  const settings = toSettings(config);
  const secrets = new SecretKeeper(config, logger, { reload });
  const ports = createPorts(config, logger, secrets);
  const inPlace = createInPlacePorts(config, ports, logger, () => secrets.renew());
  try {
    const activities = {
      ...activitiesOf(withSecrets(traceSteps(STEPS), secrets), {
        settings: { ...settings, temporal: temporalOf(config, env) },
        ...ports,
        log: logger,
      }),
      ...inPlaceActivitiesOf(withSecrets(IN_PLACE_STEPS, secrets), inPlace, logger),
    };
    const { versioning, health } = config.worker;
    const sdkPort = health && (await freeLoopbackPort());
    const all = { ...activities, ...asidesOf(ports, logger) };
    const worker = await createTemporalWorker(config.temporal, all, env, logger, versioning, sdkPort);
    const environment = settings.environment.name;
    const runStatus = new TemporalRunStatus(historyOptions(config));
    const metrics = runMetrics({
      ...{ environment, isPolling: worker.isPolling },
      status: () => runStatus.read(environment),
      sdk: () => readSdkMetrics(sdkPort),
    });
    const listener = health && (await listenForHealth(health, worker.isPolling, metrics));
    try {
      const { address, namespace, taskQueue } = worker;
      let interrupted = false;
      process.once('SIGINT', () => (interrupted = true));
      const running = worker.run();
      // Awaited below; until then its end must not count as unhandled.
      running.catch(() => undefined);
      if (options.makeCurrent === true) await worker.makeCurrent();
      if (ready !== undefined) {
        const healthPort = listener?.port;
        const told = { pid: process.pid, address, namespace, taskQueue, healthPort, version: worker.version };
        await writeFile(`${ready}.draft`, JSON.stringify(told));
        await rename(`${ready}.draft`, ready);
      }
      logger.info(
        { endpoint: address, namespace, taskQueue, environment: settings.environment.name },
        'worker started',
      );
      await running;
      logger.info({ taskQueue }, 'worker stopped');
      return interrupted ? 130 : 0;
    } finally {
      await listener?.close();
      await worker.close();
    }
  } finally {
    await inPlace?.close();
    await ports.close();
    secrets.close();
  }
}

/** For people who meet a cutover outside of Temporal. A profile that cannot be loaded fails where it is used. */
function temporalOf(config: Config, env: NodeJS.ProcessEnv): string {
  const { namespace, connectionOptions } = temporalConnection(config.temporal, env);
  return `Temporal at ${connectionOptions.address}, namespace ${namespace}`;
}
