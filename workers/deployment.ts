import { errorMessage } from '../domain/error-message';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NativeConnection } from '@temporalio/worker';
import { CutoverFault } from '../domain/faults';

/** A version is known to the server once one of its workers has polled. */
const PATIENCE_MS = 30_000;
const POLL_MS = 250;

export interface DeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/**
 * Makes a version the one on which new cutovers begin; those that are under way stay on theirs. Idempotent.
 *
 * @throws CutoverFault TEMPORAL_UNREACHABLE with what the server says
 */
export async function makeCurrent(
  connection: NativeConnection,
  namespace: string,
  { deploymentName, buildId }: DeploymentVersion,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await connection.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId });
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        const said = errorMessage(error);
        throw new CutoverFault(
          'TEMPORAL_UNREACHABLE',
          `version ${buildId} of the worker deployment ${deploymentName} could not be made current: ${said}; Temporal has to be 1.29.1 or later, and a worker of that version has to run`,
          { deploymentName, buildId },
          error,
        );
      }
      await sleep(POLL_MS);
    }
  }
}
