import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type Logger } from '../../config/logger';
import { exclusively } from '../../scripts/lib/exclusive';
import { CutoverFault } from '../../domain/faults';
import { type PostgresInstallation, type PostgresMajor, resolvePostgres } from '../toolchain';
import { type Principal } from './access/authorize';
import { Clusters } from './cluster/clusters';
import { serverCertificate } from './cluster/server-certificate';
import { controlHandler } from './control/control-handler';
import { FaultBoard } from './control/fault-board';
import { DEFAULT_MAJOR } from './model/engine-version';
import { type InstanceRecord } from './model/records';
import { type OperationContext } from './operations/operation-context';
import { OperationRunner } from './operations/operation-runner';
import { createOperations, type Operations } from './operations/operations';
import { resumeState } from './operations/resume-state';
import { listenOnLoopback } from './protocol/loopback-server';
import { type Credentials } from './protocol/verify-signature';
import { queryHandler } from './query-handler';
import { prepareStateDir } from './state/prepare-state-dir';
import { StateStore } from './state/state-store';

export interface RdsEndpointOptions {
  readonly stateDir: string;
  /** Where the pids of the servers are recorded, for whoever sweeps up after a killed endpoint. */
  readonly runDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly controlPort: number;
  readonly credentials: Credentials;
  /** Somebody else, who may do what a policy allows. @default nobody */
  readonly restricted?: Principal;
  readonly controlToken: string;
  readonly region: string;
  /** Holds `server.pem` and `server.key`, which every server then serves. @default servers without TLS */
  readonly tlsDir?: string;
  readonly logger: Logger;
}

export interface RdsEndpoint {
  readonly endpoint: string;
  readonly controlEndpoint: string;
  /** Ends all servers in order; their instances come back with the next start. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the RDS-compatible endpoint over the instances of a state folder. Returns when it listens; instances of an earlier
 * run are then adopted or `starting`.
 *
 * @throws CutoverFault WORLD_IN_USE (another endpoint has the folder) | PORT_TAKEN | CONFIG_INVALID | CONFIG_UNREADABLE |
 *   TOOL_UNUSABLE
 */
export async function startRdsEndpoint(options: RdsEndpointOptions): Promise<RdsEndpoint> {
  const installation = installations();
  const { runAs } = await installation(DEFAULT_MAJOR);
  const layout = await prepareStateDir(options.stateDir, runAs);
  const release = await claim(layout.lockFile, options.stateDir);
  try {
    const store = await StateStore.open(layout.stateFile);
    const tls = options.tlsDir === undefined ? undefined : await serverCertificate(options.tlsDir, layout.root, runAs);
    const { logger, runDir } = options;
    const runner = new OperationRunner(logger);
    const faults = new FaultBoard();
    const progress = new Map<string, number>();
    // Operations need the clusters and a crash of a cluster begins an operation: one of them has to be told later.
    const crashed = (record: InstanceRecord): void => operations.recoverFromCrash(record);
    const clusters = new Clusters({
      ...{ layout, store, runDir, logger, installation, onUnexpectedExit: crashed },
      ...(tls === undefined ? {} : { tls }),
    });
    const context: OperationContext = {
      ...{ store, clusters, layout, faults, logger, progress, installation },
      signal: runner.signal,
      reportCrash: crashed,
    };
    const operations: Operations = createOperations(context, runner);
    await resumeState(context, operations, runner);
    const stopWork = async (): Promise<void> => {
      await runner.stop();
      await clusters.stopAll(Object.values(store.current.instances));
    };
    const servers = await listen(options, faults, {
      ...{ store, operations, installation, region: options.region },
      progressOf: (resourceId) => progress.get(resourceId) ?? 0,
    }).catch(async (error: unknown) => {
      await stopWork();
      throw error;
    });
    return {
      ...servers,
      stop: async () => {
        await servers.close();
        await stopWork();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function listen(
  options: RdsEndpointOptions,
  faults: FaultBoard,
  context: Parameters<typeof queryHandler>[0]['context'],
) {
  const { credentials, restricted, logger } = options;
  const rds = await listenOnLoopback(
    options.port,
    'the RDS endpoint',
    contained(
      queryHandler({ credentials, context, faults, logger, ...(restricted === undefined ? {} : { restricted }) }),
      logger,
    ),
  );
  try {
    const handler = contained(controlHandler(faults, options.controlToken), logger);
    const control = await listenOnLoopback(options.controlPort, 'the control endpoint', handler);
    return {
      endpoint: rds.url,
      controlEndpoint: control.url,
      close: async () => void (await Promise.all([rds.close(), control.close()])),
    };
  } catch (error) {
    await rds.close();
    throw error;
  }
}

/** A client that goes away in the middle of a request must not end the process. */
function contained(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  logger: Logger,
): RequestListener {
  return (request, response) => {
    handler(request, response).catch((error: unknown) => {
      logger.debug({ err: error }, 'request ended early');
      response.destroy();
    });
  };
}

/** Each version is looked for once. A failure is not remembered: it may be about the disk of that moment. */
function installations(): (major: PostgresMajor) => Promise<PostgresInstallation> {
  const found = new Map<PostgresMajor, Promise<PostgresInstallation>>();
  return (major) => {
    const known = found.get(major) ?? resolvePostgres(major);
    found.set(major, known);
    known.catch(() => found.delete(major));
    return known;
  };
}

/** Two endpoints over one folder would start two servers over one cluster. @returns a function that gives the folder free */
async function claim(lockFile: string, stateDir: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const held = exclusively(
      lockFile,
      () =>
        new Promise<void>((release) => {
          resolve(async () => {
            release();
            await held;
          });
        }),
      {
        onWait: (pid) => {
          throw new CutoverFault(
            'WORLD_IN_USE',
            `another RDS endpoint (process ${pid}) uses ${stateDir}; end that one or choose another --state-dir`,
            { path: stateDir, pid },
          );
        },
      },
    );
    held.catch(reject);
  });
}
