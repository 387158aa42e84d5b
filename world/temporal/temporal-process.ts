import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE_NAMES, SEARCH_ATTRIBUTE_TYPE } from '../../domain/search-attributes';
import { type ProcessSpec, cleanEnvironment } from '../supervisor';

export interface TemporalProcessOptions {
  readonly name: string;
  /** Path of the Temporal command line. */
  readonly binary: string;
  readonly port: number;
  readonly uiPort: number;
  readonly httpPort: number;
  readonly metricsPort: number;
  /** Keeps its state there. @default in memory */
  readonly databaseFile?: string;
  readonly namespace: string;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 2_000;

/** How the supervisor runs Temporal's dev server with its UI; ready when gRPC health says that it serves. */
export function temporalProcess(options: TemporalProcessOptions): ProcessSpec {
  const attributes = SEARCH_ATTRIBUTE_NAMES.flatMap((name) => [
    '--search-attribute',
    `${name}=${SEARCH_ATTRIBUTE_TYPE}`,
  ]);
  const address = `127.0.0.1:${options.port}`;
  return {
    name: options.name,
    command: options.binary,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(options.port)],
      ...['--ui-ip', '127.0.0.1', '--ui-port', String(options.uiPort)],
      ...['--http-port', String(options.httpPort), '--metrics-port', String(options.metricsPort)],
      ...['--namespace', options.namespace, '--log-level', 'warn'],
      // The UI asks for news on each load; a world must run without a network.
      '--ui-disable-news-fetch',
      ...(options.databaseFile === undefined ? [] : ['--db-filename', options.databaseFile]),
      ...attributes,
    ],
    // A profile of the user's (TEMPORAL_ADDRESS, TEMPORAL_PROFILE and so on) is not for this server.
    env: cleanEnvironment({}),
    ready: () => isServing(address),
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  };
}

async function isServing(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: CONNECT_TIMEOUT_MS });
  try {
    const { status } = await connection.withDeadline(Date.now() + CONNECT_TIMEOUT_MS, () =>
      connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
    );
    return Number(status) === SERVING;
  } finally {
    await connection.close();
  }
}

/** Source: gRPC health checking protocol, `HealthCheckResponse.ServingStatus`. */
const SERVING = 1;
