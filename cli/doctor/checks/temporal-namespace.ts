import { type Config } from '../../../config/schema';
import { fail, ok, type DoctorCheck } from '../check';
import { GRPC_STATUS, grpcStatus, withTemporal } from '../temporal-session';

/** The Temporal server answers and has the namespace. */
export function temporalNamespaceCheck(temporal: Config['temporal'], env: NodeJS.ProcessEnv): DoctorCheck {
  return {
    id: 'temporal-namespace',
    title: 'Temporal namespace',
    run: (signal) =>
      withTemporal(temporal, env, signal, async (connection, namespace, address) => {
        try {
          await connection.workflowService.describeNamespace({ namespace });
          return ok(`${address} has namespace ${namespace}`);
        } catch (error) {
          if (grpcStatus(error) !== GRPC_STATUS.notFound) throw error;
          return fail(
            `${address} has no namespace ${namespace}`,
            `temporal operator namespace create --namespace ${namespace}, or correct temporal.namespace`,
          );
        }
      }),
  };
}
