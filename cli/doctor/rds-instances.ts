import { type DBInstance, DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';

/** One call may be throttled, and no more than that: the deadline of the check is short. */
const ATTEMPTS_MAX = 2;

/**
 * @returns the instance, undefined when there is none of that name
 * @throws the SDK's own errors
 */
export async function describeInstance(
  region: string | undefined,
  instanceId: string,
  signal: AbortSignal,
): Promise<DBInstance | undefined> {
  const client = new RDSClient({ maxAttempts: ATTEMPTS_MAX, ...(region === undefined ? {} : { region }) });
  try {
    const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId });
    const answer = await client.send(command, { abortSignal: signal });
    return answer.DBInstances?.[0];
  } catch (error) {
    if (error instanceof Error && error.name === 'DBInstanceNotFoundFault') return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
