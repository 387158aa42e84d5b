import { WorkflowFailedError, type WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { type Report } from '../../domain/receipts';
import { STATUS_QUERY, type CutoverStatus } from '../../domain/runbook';
import { stepProgress, type StepKnown } from '../../domain/step-progress';
import { type CutoverSession } from './cutover-session';
import { unknownCutover } from './temporal-fault';
import { seeWorkers, type WorkersSeen } from './workers-seen';
import { parsedJson } from '../../domain/json';

export interface PendingStep {
  readonly name: string;
  readonly attempt: number;
  /** What the step said last. */
  readonly progress: unknown;
  /** How far it is, and about how long it goes on; null: it does not tell, and nothing is predicted. */
  readonly percent: number | null;
  readonly leftMs: number | null;
  /** Why the try before this one failed. */
  readonly lastFailure?: string;
}

/** What can be seen of a cutover from outside. */
export interface Look {
  readonly workflowId: string;
  readonly runId: string;
  /** Temporal's word, for example RUNNING. */
  readonly temporal: string;
  readonly startedAt: string;
  /** null: no worker answered; then only Temporal's own knowledge is here. */
  readonly status: CutoverStatus | null;
  /** Of a run that ended, also without a worker where Temporal kept it. */
  readonly report: Report | null;
  readonly phase: string | null;
  /** The open gate; of a run that is over there is none. */
  readonly awaiting: string | null;
  readonly pending: readonly PendingStep[];
  /** Somebody asked for its end; it is followed once a worker is there. */
  readonly cancelRequested: boolean;
  /** An earlier run of it was reset: what this one knows may be less than what was done. */
  readonly wasReset: boolean;
  /** Who polls the task queue; asked only when no worker answers, else null. */
  readonly workers: WorkersSeen | null;
}

/** Nothing was undone by such a run, and nobody wrote a report. */
export function isEndedByForce(temporal: string): boolean {
  return temporal === 'TERMINATED' || temporal === 'TIMED_OUT';
}

/** @throws CutoverFault CUTOVER_UNKNOWN */
export async function look(session: CutoverSession): Promise<Look> {
  const description = await describe(session);
  const { raw, typedSearchAttributes } = description;
  const attributes = new Map(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, String(value)]));
  const answered = await queryStatus(session, description.runId);
  // A worker replays a run that was ended by force up to where it stood, gate and all; but nobody can answer it any more.
  const isOpen = description.status.name === 'RUNNING';
  const status = answered === null || isOpen ? answered : { ...answered, awaiting: null };
  return {
    workflowId: session.workflowId,
    runId: description.runId,
    temporal: description.status.name,
    startedAt: description.startTime.toISOString(),
    status,
    report: status?.report ?? (await keptReport(session, description)),
    phase: status?.phase ?? attributes.get('CutoverPhase') ?? null,
    awaiting: isOpen
      ? status === null
        ? (attributes.get('CutoverAwaiting') ?? null)
        : (status.awaiting?.gate ?? null)
      : null,
    pending: (raw.pendingActivities ?? []).map((activity) => {
      const said = activity.heartbeatDetails?.payloads?.[0]?.data;
      const progress = parsedJson(Buffer.from(said ?? []).toString('utf8')) ?? null;
      return {
        name: activity.activityType?.name ?? 'unknown',
        attempt: activity.attempt ?? 1,
        progress,
        ...stepProgress(progress, knownOf(status, Date.now())),
        ...(activity.lastFailure?.message ? { lastFailure: activity.lastFailure.message } : {}),
      };
    }),
    cancelRequested: raw.workflowExtendedInfo?.cancelRequested === true,
    wasReset: ![undefined, null, '', description.runId].includes(raw.workflowExecutionInfo?.firstRunId),
    workers: status === null ? await seeWorkers(session, description) : null,
  };
}

/** What is known of the phase that is under way. */
function knownOf(status: CutoverStatus | null, nowMs: number): StepKnown {
  const phase = status?.phases.findLast(({ durationMs }) => durationMs === null);
  const { steps = [] } = status?.plan ?? {};
  return {
    elapsedMs: phase === undefined ? 0 : Math.max(0, nowMs - Date.parse(phase.startedAt)),
    predictedMs: steps.find((step) => step.phase === phase?.name)?.predictedMs ?? null,
  };
}

export async function describe(session: CutoverSession): Promise<WorkflowExecutionDescription> {
  try {
    return await session.handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw unknownCutover(session, error);
    throw error;
  }
}

/** @returns null when no worker answers; also of a closed run, which a worker replays to answer */
export async function queryStatus(session: CutoverSession, runId: string): Promise<CutoverStatus | null> {
  const { client, connection, workflowId, answerTimeoutMs } = session;
  try {
    return await connection.withDeadline(Date.now() + answerTimeoutMs, () =>
      client.workflow.getHandle(workflowId, runId).query<CutoverStatus>(STATUS_QUERY),
    );
  } catch {
    // Whatever the reason, the caller shows what Temporal itself knows and says that no worker answered.
    return null;
  }
}

/** Temporal itself keeps the report of a run that completed or failed; that of a cancelled one takes a worker. */
async function keptReport(
  { client, workflowId }: CutoverSession,
  { runId, status }: WorkflowExecutionDescription,
): Promise<Report | null> {
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED') return null;
  try {
    return (await client.workflow.getHandle(workflowId, runId).result()) as Report;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
    return (error.cause.details?.[0] as Report | undefined) ?? null;
  }
}
