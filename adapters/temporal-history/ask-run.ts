import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { cutoverWorkflowId } from '../../domain/runbook';

/**
 * Asks the latest run of an environment. Connects for each question and leaves nothing open.
 *
 * @throws when there is no run, or nobody answers in time
 */
export async function askRun<T>(
  at: { readonly connectionOptions: ConnectionOptions; readonly namespace: string; readonly timeoutMs: number },
  environment: string,
  query: string,
): Promise<T> {
  const { connectionOptions, namespace, timeoutMs } = at;
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: timeoutMs });
  try {
    const { workflow } = new Client({ connection, namespace });
    return await connection.withDeadline(Date.now() + timeoutMs, () =>
      workflow.getHandle(cutoverWorkflowId(environment)).query<T>(query),
    );
  } finally {
    await connection.close();
  }
}
