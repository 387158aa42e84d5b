import { hostname } from 'node:os';
import { DefaultLogger, NativeConnection, Runtime, Worker, type LogEntry } from '@temporalio/worker';
import { type Logger } from '../config/logger';
import { type Config } from '../config/schema';
import { type TemporalConnection, temporalConnection } from '../config/temporal-connection';
import { CutoverFault } from '../domain/faults';
import { SEARCH_ATTRIBUTE_NAMES } from '../domain/search-attributes';
import { type DeploymentVersion, makeCurrent } from './deployment';
import { workflowBundle } from './workflow-bundle';

/** A cancelled step hears of it with its next heartbeat: this is what an operator waits for. */
const HEARTBEAT_THROTTLE_MAX = '1s';
/** A worker that was killed keeps the next approval or question of its run for so long. */
const STICKY_QUEUE_TIMEOUT = '3s';
/** What is about to end may; everything else is told to stop and goes on at another worker. */
const SHUTDOWN_GRACE = '3s';
const SHUTDOWN_FORCE = '60s';
/** One cutover, its steps and the sync beside its gate; a few more for a second environment on the same queue. */
const ACTIVITIES_MAX = 20;

export interface TemporalWorker {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Undefined: not versioned. */
  readonly version: DeploymentVersion | undefined;
  readonly isPolling: () => boolean;
  /** New cutovers begin on this worker's version from now on. To be called while it polls. */
  readonly makeCurrent: () => Promise<void>;
  /** Until SIGINT or SIGTERM, which Temporal's runtime handles; steps under way are told first. */
  readonly run: () => Promise<void>;
  /** Ends `run` first, if it still goes on. */
  readonly close: () => Promise<void>;
}

/** @throws CutoverFault TEMPORAL_UNREACHABLE | CHECK_FAILED (no such namespace, search attributes missing) | CONFIG_INVALID */
export async function createTemporalWorker(
  temporal: Config['temporal'],
  activities: object,
  env: NodeJS.ProcessEnv,
  log: Logger,
  versioning?: Config['worker']['versioning'],
  /** On loopback: where the SDK shows its metrics. */
  metricsPort?: number,
): Promise<TemporalWorker> {
  const logger = installRuntime(log, metricsPort);
  const { connectionOptions, namespace } = temporalConnection(temporal, env);
  const { address } = connectionOptions;
  const connection = await connect(connectionOptions);
  try {
    await assertNamespace(connection, namespace, address, log);
    const { code, digest } = await workflowBundle(env, logger);
    const version = versioning && {
      deploymentName: versioning.deploymentName,
      buildId: versioning.buildId ?? digest,
    };
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: temporal.taskQueue,
      identity: `hydra-cutover ${process.pid}@${hostname()}`,
      workflowBundle: { code },
      ...(version && {
        workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
      }),
      activities,
      maxConcurrentActivityTaskExecutions: ACTIVITIES_MAX,
      maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MAX,
      stickyQueueScheduleToStartTimeout: STICKY_QUEUE_TIMEOUT,
      shutdownGraceTime: SHUTDOWN_GRACE,
      shutdownForceTime: SHUTDOWN_FORCE,
    });
    let running: Promise<void> | undefined;
    return {
      address,
      namespace,
      taskQueue: temporal.taskQueue,
      version,
      isPolling: () => worker.getState() === 'RUNNING',
      makeCurrent: async () => {
        if (version === undefined) {
          throw new CutoverFault('USAGE', 'there is no version to make current: add worker.versioning to the config');
        }
        await makeCurrent(connection, namespace, version);
      },
      run: () => (running = worker.run()),
      close: async () => {
        // Where something failed while it ran: a connection in use refuses to be closed, and would hide why.
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await running?.catch(() => undefined);
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Before anything else of the SDK: the runtime is one per process. */
function installRuntime(log: Logger, metricsPort: number | undefined): DefaultLogger {
  const logger = new DefaultLogger('DEBUG', (entry) => write(log, entry));
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(metricsPort !== undefined && { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } }),
    },
  });
  return logger;
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function write(log: Logger, { level, message, meta }: LogEntry): void {
  const { error, ...fields } = (meta ?? {}) as Readonly<Record<string, unknown>>;
  log[LEVELS[level]]({ ...fields, ...(error === undefined ? {} : { err: error }) }, message);
}

async function connect(options: TemporalConnection['connectionOptions']): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new CutoverFault(
      'TEMPORAL_UNREACHABLE',
      `no Temporal server answers at ${options.address}, or it refuses us; start it, or correct temporal.address, temporal.tls and temporal.apiKey (\`doctor\` shows more)`,
      { address: options.address },
      error,
    );
  }
}

/** A workflow that sets an unknown search attribute does not get beyond its first task, and nobody would be told. */
async function assertNamespace(
  connection: NativeConnection,
  namespace: string,
  address: string,
  log: Logger,
): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `Temporal at ${address} has no namespace "${namespace}" for us; create it first`,
      {},
      error,
    );
  }
  let known: Readonly<Record<string, unknown>>;
  try {
    known = (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes;
  } catch {
    log.warn({ namespace }, 'search attributes not checked');
    return;
  }
  const missing = SEARCH_ATTRIBUTE_NAMES.filter((name) => known[name] === undefined);
  if (missing.length === 0) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `namespace "${namespace}" lacks the search attributes ${missing.join(', ')}; \`hydra-cutover doctor\` prints the command that makes them`,
    { missing },
  );
}
