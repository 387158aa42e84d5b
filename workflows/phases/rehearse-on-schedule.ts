import {
  ApplicationFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  executeChild,
  ParentClosePolicy,
  TemporalFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { type Report, type ScheduledRehearsal } from '../../domain/receipts';
import { cutoverWorkflowId, UPGRADE_WORKFLOW, type UpgradeInput } from '../../domain/runbook';
import { searchAttributes } from '../search-attributes';

/**
 * What a schedule starts. Temporal adds the time to the id of a scheduled workflow, so that the lock by id would not hold:
 * the rehearsal itself is a child under the id that keeps two runs of one environment apart.
 *
 * @returns at once, as skipped, while another run of the environment is on
 */
export async function rehearseOnSchedule(input: UpgradeInput): Promise<ScheduledRehearsal> {
  const { environment } = input;
  const workflowId = cutoverWorkflowId(environment);
  upsertSearchAttributes(searchAttributes({ CutoverEnvironment: environment, CutoverMode: 'rehearse' }));
  const ends = (result: ScheduledRehearsal): ScheduledRehearsal => {
    upsertSearchAttributes(searchAttributes({ CutoverOutcome: result.outcome }));
    return result;
  };
  try {
    const report = await executeChild<(input: UpgradeInput) => Promise<Report>>(UPGRADE_WORKFLOW, {
      workflowId,
      args: [{ ...input, mode: 'rehearse' }],
      // Whoever ends this one ends the rehearsal too, and it takes down what it made.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      staticSummary: `rehearsal in ${environment}`,
    });
    const { outcome, cause, cutoverId, findings = [], startedAt, endedAt } = report;
    const reason = cause?.message ?? null;
    return ends({ environment, outcome, reason, cutoverId, findings: findings.length, startedAt, endedAt });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      const reason = `a run of ${environment} is under way as ${workflowId}; the next one comes by the schedule`;
      return ends({
        environment,
        outcome: 'skipped',
        reason,
        cutoverId: null,
        findings: 0,
        startedAt: null,
        endedAt: null,
      });
    }
    throw asOwnFailure(error);
  }
}

/** The schedule shows this workflow, so it fails with the words of the rehearsal. */
function asOwnFailure(error: unknown): unknown {
  if (!(error instanceof ChildWorkflowFailure) || !(error.cause instanceof ApplicationFailure)) return error;
  const { cause } = error;
  return ApplicationFailure.create({
    type: cause.type ?? 'INTERNAL',
    message: cause.message,
    nonRetryable: true,
    ...(error instanceof TemporalFailure ? { cause: error } : {}),
  });
}
