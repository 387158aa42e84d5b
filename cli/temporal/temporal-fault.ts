import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { GRPC_STATUS, grpcStatus } from '../doctor/temporal-session';

/** Which Temporal was asked, for messages. */
export interface AskedTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly workflowId: string;
}

/** Those of a request that Temporal will not take later either. */
const REFUSALS: readonly number[] = [
  GRPC_STATUS.invalidArgument,
  GRPC_STATUS.failedPrecondition,
  GRPC_STATUS.unimplemented,
];

/**
 * What a call to a Temporal that had answered fails with: it may die, or refuse, at any moment, and that is no defect of ours.
 *
 * @returns a fault where Temporal is the reason, else the error as it is
 */
export function asTemporalFault(error: unknown, asked: AskedTemporal): unknown {
  if (isCutoverFault(error)) return error;
  if (error instanceof WorkflowNotFoundError) return unknownCutover(asked, error);
  const { address, namespace } = asked;
  const status = grpcStatus(error);
  if (error instanceof NamespaceNotFoundError || status === GRPC_STATUS.notFound) {
    return new CutoverFault(
      'CHECK_FAILED',
      `Temporal at ${address} has no namespace "${namespace}" for us; correct temporal.namespace or temporal.address, or create it`,
      { address, namespace },
      error,
    );
  }
  if (status === undefined) return error;
  if (REFUSALS.includes(status)) {
    return new CutoverFault(
      'CHECK_FAILED',
      `Temporal at ${address}, namespace ${namespace}, refuses this (${saidBy(error)}); run \`hydra-cutover doctor\` to see what it lacks`,
      { address, namespace },
      error,
    );
  }
  const isRight = status === GRPC_STATUS.unauthenticated || status === GRPC_STATUS.permissionDenied;
  return new CutoverFault(
    'TEMPORAL_UNREACHABLE',
    isRight
      ? `Temporal at ${address} refuses us in namespace ${namespace} (${saidBy(error)}); correct temporal.apiKey or the client certificate`
      : `Temporal at ${address} does not answer any more (${saidBy(error)}); a run that is under way goes on once it is back`,
    { address, namespace },
    error,
  );
}

/**
 * Whether Temporal cannot tell of a cutover: it does not answer, does not know it, or has lost or refuses the namespace. The
 * databases tell then.
 */
export function isTemporalSilent(error: unknown): error is CutoverFault {
  if (!isCutoverFault(error)) return false;
  if (error.code === 'CUTOVER_UNKNOWN' || error.code === 'TEMPORAL_UNREACHABLE') return true;
  return error.code === 'CHECK_FAILED' && error.details.namespace !== undefined;
}

export function unknownCutover({ address, namespace, workflowId }: AskedTemporal, cause: unknown): CutoverFault {
  return new CutoverFault(
    'CUTOVER_UNKNOWN',
    `Temporal at ${address}, namespace ${namespace}, knows no cutover "${workflowId}": none was begun there; if that is wrong, correct temporal.address and temporal.namespace, or look with \`hydra-cutover status --from-databases\``,
    { workflowId },
    cause,
  );
}

/** What gRPC says stands in the innermost error; the SDK's own only names the call. */
function saidBy(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at.cause === undefined) return at.message.replace(/\.? Resolution note: *$/, '');
  return String(error);
}
