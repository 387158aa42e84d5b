import { type Client, type WorkflowExecutionInfo, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type PastRun } from '../../domain/ports/run-history';
import { type Report } from '../../domain/receipts';
import { IN_PLACE_WORKFLOW } from '../../domain/in-place/runbook';
import { MODES, OUTCOMES, UPGRADE_WORKFLOW } from '../../domain/runbook';

/**
 * Reads runs of an environment that ended out of Temporal: which there are by search attributes, and of each its report, which
 * Temporal keeps as the result or as details of the failure (that of a cancelled run it does not keep).
 *
 * @returns the latest first, as Temporal lists them
 */
export async function readRuns(client: Client, environment: string, limit: number): Promise<readonly PastRun[]> {
  const query = `WorkflowType IN ('${UPGRADE_WORKFLOW}', '${IN_PLACE_WORKFLOW}') AND CutoverEnvironment = '${environment.replaceAll("'", "''")}' AND ExecutionStatus != 'Running'`;
  const found: WorkflowExecutionInfo[] = [];
  if (limit <= 0) return [];
  for await (const info of client.workflow.list({ query, pageSize: limit })) {
    found.push(info);
    if (found.length >= limit) break;
  }
  return Promise.all(found.map((info) => readRun(client, info)));
}

async function readRun(client: Client, info: WorkflowExecutionInfo): Promise<PastRun> {
  const { workflowId, runId, startTime, closeTime, typedSearchAttributes } = info;
  const attributes = new Map(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, String(value)]));
  const report = await keptReport(client, info);
  return {
    workflowId,
    runId,
    mode: MODES.find((mode) => mode === (report?.mode ?? attributes.get('CutoverMode'))) ?? null,
    outcome: OUTCOMES.find((outcome) => outcome === (report?.outcome ?? attributes.get('CutoverOutcome'))) ?? null,
    startedAt: startTime.toISOString(),
    endedAt: (closeTime ?? startTime).toISOString(),
    report,
  };
}

async function keptReport(
  client: Client,
  { workflowId, runId, status }: WorkflowExecutionInfo,
): Promise<Report | null> {
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED') return null;
  try {
    return asReport(await client.workflow.getHandle(workflowId, runId, { followRuns: false }).result());
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return error.cause instanceof ApplicationFailure ? asReport(error.cause.details?.[0]) : null;
  }
}

/** Of another version it may be something else. */
function asReport(value: unknown): Report | null {
  const isReport = typeof value === 'object' && value !== null && 'schemaVersion' in value && value.schemaVersion === 1;
  return isReport ? (value as unknown as Report) : null;
}
