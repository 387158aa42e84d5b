import { type WorkflowExecutionDescription } from '@temporalio/client';
import { type CutoverSession } from './cutover-session';

/** Source: Temporal API, `temporal.api.enums.v1.TaskQueueType`. */
const WORKFLOW_TASK_QUEUE = 1;

/** Who could answer for a run, as Temporal remembers it for five minutes. */
export interface WorkersSeen {
  readonly taskQueue: string;
  /** Of the version that the run belongs to, where it belongs to one. */
  readonly polled: number;
  readonly lastPolledAt: string | null;
  /** Of `worker.versioning`, to which the run is pinned; null: to none, or no worker took it yet. */
  readonly version: string | null;
  /** Of those that polled, whether the run is theirs or not. */
  readonly versionsPolled: readonly string[];
}

/** @returns null when Temporal does not tell */
export async function seeWorkers(
  { client, connection, taskQueue, answerTimeoutMs }: CutoverSession,
  { raw }: WorkflowExecutionDescription,
): Promise<WorkersSeen | null> {
  try {
    const { pollers } = await connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: WORKFLOW_TASK_QUEUE,
      }),
    );
    const version = raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? null;
    const seen = (pollers ?? []).map(({ lastAccessTime, deploymentOptions }) => ({
      atMs: Number(lastAccessTime?.seconds ?? 0) * 1_000,
      version: deploymentOptions?.buildId ?? '',
    }));
    const able = seen.filter((poller) => version === null || poller.version === version);
    const last = Math.max(0, ...able.map(({ atMs }) => atMs));
    return {
      taskQueue,
      polled: able.length,
      lastPolledAt: last === 0 ? null : new Date(last).toISOString(),
      version,
      versionsPolled: [...new Set(seen.map((poller) => poller.version))].filter((name) => name !== '').sort(),
    };
  } catch {
    return null;
  }
}

/** Why no worker answers, as far as Temporal knows, and what to do. */
export function whyNoWorker(workers: WorkersSeen | null): string {
  if (workers === null) return 'Start one with `hydra-cutover worker`.';
  const { taskQueue, polled, lastPolledAt, version, versionsPolled } = workers;
  const others = versionsPolled.filter((name) => name !== version).join(', ');
  if (polled === 0 && version !== null && others !== '') {
    return `This run is pinned to version ${version}, of which no worker polls task queue ${taskQueue}; those of ${others} do, and may not take it: start one of version ${version} with \`hydra-cutover worker\`.`;
  }
  if (polled === 0) return `Nobody polls task queue ${taskQueue}: start one with \`hydra-cutover worker\`.`;
  const notCurrent =
    version === null && others !== ''
      ? ` by version ${others}, which takes a new run only when it is the current one (\`hydra-cutover worker --make-current\`)`
      : '';
  return `Task queue ${taskQueue} was polled last at ${lastPolledAt ?? 'an unknown time'}${notCurrent}${notCurrent === '' ? ': that' : '. Otherwise that'} worker was killed since, or fails; see its log, or start another with \`hydra-cutover worker\`.`;
}
