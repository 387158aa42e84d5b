import { errorMessage } from '../domain/error-message';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TemporalFailure,
  TimeoutFailure,
  isCancellation,
} from '@temporalio/workflow';
import { isCutoverFault, type FaultCode } from '../domain/faults';
import { type Report } from '../domain/receipts';

export interface Cause {
  readonly code: string;
  readonly message: string;
}

/**
 * Whether a run may judge this error and undo. Anything else is a defect of the workflow's own code: it is thrown on, so that
 * Temporal tries the same task again until a fixed worker is there, and nothing is undone by mistake.
 */
export function isJudgeable(error: unknown): boolean {
  return error instanceof TemporalFailure || isCutoverFault(error);
}

/** What a failure of a step or gate comes down to. */
export function causeOf(error: unknown): Cause {
  if (isCutoverFault(error)) return { code: error.code, message: error.message };
  if (isCancellation(error)) return { code: 'UNDONE', message: 'the cutover was cancelled' };
  if (error instanceof ActivityFailure) return causeOfStep(error);
  if (error instanceof ApplicationFailure) return { code: error.type ?? 'INTERNAL', message: error.message };
  return { code: 'INTERNAL', message: errorMessage(error) };
}

function causeOfStep(failure: ActivityFailure): Cause {
  const { cause, activityType } = failure;
  if (cause instanceof TimeoutFailure) {
    const silent = cause.timeoutType === 'HEARTBEAT';
    return {
      code: silent ? 'NO_WORKER' : 'INTERNAL',
      message: silent
        ? `step ${activityType} gave no sign of life; its worker died or hangs`
        : `step ${activityType} took longer than it may (${cause.timeoutType ?? 'unknown timeout'})`,
    };
  }
  if (cause instanceof ApplicationFailure) {
    return { code: cause.type ?? 'INTERNAL', message: `step ${activityType}: ${cause.message}` };
  }
  return { code: 'INTERNAL', message: `step ${activityType}: ${cause?.message ?? failure.message}` };
}

/** How the workflow closes when it did not complete. The report travels as the failure's details. */
export function closingFailure(code: FaultCode, message: string, report: Report, cause: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: [report],
    ...(cause instanceof TemporalFailure ? { cause } : {}),
  });
}

export function cancelled(report: Report): CancelledFailure {
  return new CancelledFailure('the cutover was cancelled and is undone', [report]);
}
