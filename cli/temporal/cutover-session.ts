import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { type Config } from '../../config/schema';
import { temporalConnection } from '../../config/temporal-connection';
import { CutoverFault } from '../../domain/faults';
import { type Report } from '../../domain/receipts';
import { cutoverWorkflowId, type UpgradeInput } from '../../domain/runbook';
import { nothingListens } from './nothing-listens';
import { asTemporalFault } from './temporal-fault';

type CutoverHandle = WorkflowHandle<(input: UpgradeInput) => Promise<Report>>;

/** What a verb talks to: Temporal, and in it the cutover of one environment. */
export interface CutoverSession {
  readonly client: Client;
  readonly connection: Connection;
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly address: string;
  readonly namespace: string;
  /** How long a worker may take to answer; one that lives takes milliseconds. */
  readonly answerTimeoutMs: number;
  /** The running cutover, else the latest one. */
  readonly handle: CutoverHandle;
}

/** @throws CutoverFault TEMPORAL_UNREACHABLE | CHECK_FAILED (it refuses) | CUTOVER_UNKNOWN | CONFIG_INVALID | whatever `work` throws */
export async function withCutover<T>(
  config: Config,
  env: NodeJS.ProcessEnv,
  work: (session: CutoverSession) => Promise<T>,
): Promise<T> {
  const { connectionOptions, namespace } = temporalConnection(config.temporal, env);
  const { address } = connectionOptions;
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: config.checks.timeoutMs });
  const workflowId = cutoverWorkflowId(config.environment.name);
  try {
    await ensureConnected(connection, address, env);
    const client = new Client({ connection, namespace });
    const handle = client.workflow.getHandle<(input: UpgradeInput) => Promise<Report>>(workflowId);
    const { taskQueue } = config.temporal;
    const answerTimeoutMs = config.checks.timeoutMs;
    return await work({ client, connection, workflowId, taskQueue, address, namespace, answerTimeoutMs, handle });
  } catch (error) {
    throw asTemporalFault(error, { address, namespace, workflowId });
  } finally {
    await connection.close();
  }
}

async function ensureConnected(connection: Connection, address: string, env: NodeJS.ProcessEnv): Promise<void> {
  const unreachable = (error?: unknown) =>
    new CutoverFault(
      'TEMPORAL_UNREACHABLE',
      `no Temporal server answers at ${address}, or it refuses us; run \`hydra-cutover doctor\` to see which`,
      { address },
      error,
    );
  if (await nothingListens(address, env)) throw unreachable();
  try {
    await connection.ensureConnected();
  } catch (error) {
    throw unreachable(error);
  }
}
