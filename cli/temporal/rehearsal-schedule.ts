import { type Client, type ScheduleDescription, type ScheduleHandle, ScheduleAlreadyRunning } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { ScheduleNotFoundError } from '@temporalio/client';
import { type Config } from '../../config/schema';
import { CutoverFault } from '../../domain/faults';
import { type ScheduledRehearsal } from '../../domain/receipts';
import { SCHEDULED_REHEARSAL_WORKFLOW, type UpgradeInput } from '../../domain/runbook';

const PREFIX = 'rehearsal/';
const NEXT_TIMES = 3;
const RESULTS = 3;

export function scheduleIdOf(environment: string): string {
  return `${PREFIX}${environment}`;
}

/** A schedule as people want to see it. */
export interface ScheduleLook {
  readonly scheduleId: string;
  readonly environment: string;
  readonly paused: boolean;
  readonly note: string | null;
  /** A few. */
  readonly next: readonly string[];
  /** Times at which the one before was still on. */
  readonly skippedForOverlap: number;
  /** The latest first. */
  readonly results: readonly ScheduledResult[];
}

interface ScheduledResult {
  readonly at: string;
  readonly workflowId: string;
  /** `running`, the outcome of the rehearsal, or `failed`: then the tool broke. */
  readonly outcome: string;
  readonly reason: string | null;
  readonly findings: number | null;
}

/**
 * Makes the schedule of an environment, or makes an existing one as the config says now.
 *
 * @returns whether it is new
 */
export async function ensureSchedule(
  client: Client,
  config: Config,
  options: { readonly paused: boolean; readonly note?: string },
): Promise<boolean> {
  const environment = config.environment.name;
  const scheduleId = scheduleIdOf(environment);
  const { cron, timezone, jitterMs, catchupWindowMs } = config.schedule;
  const input: UpgradeInput = { environment, mode: 'rehearse', by: `schedule ${scheduleId}` };
  const wanted = {
    spec: { cronExpressions: [cron], timezone, jitter: jitterMs },
    action: {
      type: 'startWorkflow' as const,
      workflowType: SCHEDULED_REHEARSAL_WORKFLOW,
      args: [input],
      taskQueue: config.temporal.taskQueue,
      workflowId: scheduleId,
      staticSummary: `scheduled rehearsal in ${environment}`,
    },
    // A rehearsal that broke must not keep the next night's from telling whether it still does.
    policies: { overlap: 'SKIP' as const, catchupWindow: catchupWindowMs, pauseOnFailure: false },
    state: { paused: options.paused, note: options.note },
    typedSearchAttributes: [{ key: defineSearchAttributeKey('CutoverEnvironment', 'KEYWORD'), value: environment }],
  };
  try {
    await client.schedule.create({ scheduleId, ...wanted });
    return true;
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((now) => ({ ...now, ...wanted }));
    return false;
  }
}

/** @throws CutoverFault SCHEDULE_UNKNOWN */
export async function onSchedule<T>(
  client: Client,
  environment: string,
  work: (handle: ScheduleHandle) => Promise<T>,
): Promise<T> {
  const scheduleId = scheduleIdOf(environment);
  try {
    return await work(client.schedule.getHandle(scheduleId));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new CutoverFault(
      'SCHEDULE_UNKNOWN',
      `Temporal knows no schedule "${scheduleId}"; make it with \`hydra-cutover schedule create\``,
      { scheduleId },
      error,
    );
  }
}

/** All schedules of rehearsals in the namespace; that of `environment` also when it was made just now. */
export async function listSchedules(client: Client, environment: string): Promise<readonly ScheduleLook[]> {
  const ids = new Set([scheduleIdOf(environment)]);
  // Lists lag behind by a moment.
  for await (const { scheduleId } of client.schedule.list()) if (scheduleId.startsWith(PREFIX)) ids.add(scheduleId);
  const looks = await Promise.all([...ids].map((id) => look(client, id)));
  return looks.flatMap((found) => found ?? []).sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
}

async function look(client: Client, scheduleId: string): Promise<ScheduleLook | undefined> {
  let description: ScheduleDescription;
  try {
    description = await client.schedule.getHandle(scheduleId).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
  const { state, info } = description;
  const latest = [...info.recentActions].reverse().slice(0, RESULTS);
  return {
    scheduleId,
    environment: scheduleId.slice(PREFIX.length),
    paused: state.paused,
    note: state.note ?? null,
    next: info.nextActionTimes.slice(0, NEXT_TIMES).map((time) => time.toISOString()),
    skippedForOverlap: info.numActionsSkippedOverlap,
    results: await Promise.all(
      latest.map(({ takenAt, action }) => resultOf(client, takenAt, action.workflow.workflowId)),
    ),
  };
}

async function resultOf(client: Client, at: Date, workflowId: string): Promise<ScheduledResult> {
  const told = { at: at.toISOString(), workflowId };
  const handle = client.workflow.getHandle(workflowId);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return { ...told, outcome: 'running', reason: null, findings: null };
    const { outcome, reason, findings } = (await handle.result()) as ScheduledRehearsal;
    return { ...told, outcome, reason, findings };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { ...told, outcome: 'failed', reason: cause instanceof Error ? cause.message : null, findings: null };
  }
}
