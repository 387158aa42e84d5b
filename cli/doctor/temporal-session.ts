import { errorMessage } from '../../domain/error-message';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { type Config } from '../../config/schema';
import { type TemporalConnection, temporalConnection } from '../../config/temporal-connection';
import { fail, type CheckOutcome } from './check';

/** Left for the answer after the connection stands; the deadline of the check cuts it short. */
const CALL_TIMEOUT_MS = 60_000;

/** Source: gRPC manual, "Status codes". */
export const GRPC_STATUS = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * Connects to Temporal, lets `judge` ask, and closes the connection. What keeps it from connecting becomes the outcome.
 */
export async function withTemporal(
  temporal: Config['temporal'],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  judge: (connection: Connection, namespace: string, address: string) => Promise<CheckOutcome>,
): Promise<CheckOutcome> {
  let settings: TemporalConnection;
  try {
    settings = temporalConnection(temporal, env);
  } catch (error) {
    return fail(errorMessage(error), 'correct temporal.profile, or the TOML file');
  }
  const { address } = settings.connectionOptions;
  const connection = Connection.lazy(settings.connectionOptions);
  try {
    return await connection.withAbortSignal(signal, () =>
      connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, async () => {
        await connection.ensureConnected();
        return judge(connection, settings.namespace, address);
      }),
    );
  } catch (error) {
    return explain(error, address);
  } finally {
    await connection.close();
  }
}

/** @returns the gRPC status behind an error of the SDK */
export function grpcStatus(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcStatus(error.cause) : undefined;
}

function explain(error: unknown, address: string): CheckOutcome {
  const status = grpcStatus(error);
  if (status === GRPC_STATUS.unauthenticated || status === GRPC_STATUS.permissionDenied) {
    return fail(`${address} refuses these credentials`, 'correct temporal.apiKey or the client certificate');
  }
  const what = status === undefined && error instanceof Error ? error.message : 'no Temporal server answers there';
  return fail(`${address}: ${what}`, 'start the server, or correct temporal.address and temporal.tls');
}
