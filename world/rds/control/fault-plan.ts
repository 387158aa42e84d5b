import { z } from 'zod';
import { INSTANCE_STATUSES, type InstanceStatus } from '../model/instance-status';
import { isRdsErrorCode, type RdsErrorCode } from '../protocol/rds-error';

const DELAY_MS_MAX = 600_000;
const COUNT_MAX = 10_000;

/** What a test asks the endpoint to do wrong, or slowly. */
export interface FaultPlan {
  /** Answers `Throttling` to the next `count` requests, of one action or of any. */
  readonly throttle?: { readonly action?: string; readonly count: number };
  /** Shortest time an instance stays in a state, while this plan is in force. */
  readonly delaysMs?: Partial<Record<InstanceStatus, number>>;
  /** Answers `code` to the next request of `action`. */
  readonly failNext?: { readonly action: string; readonly code: RdsErrorCode };
}

const planSchema = z.strictObject({
  throttle: z.strictObject({ action: z.string().optional(), count: z.int().min(0).max(COUNT_MAX) }).optional(),
  delaysMs: z.partialRecord(z.enum(INSTANCE_STATUSES), z.int().min(0).max(DELAY_MS_MAX)).optional(),
  failNext: z
    .strictObject({ action: z.string(), code: z.string().refine(isRdsErrorCode, 'not an error code of this endpoint') })
    .optional(),
});

/** @returns the plan, or what is wrong with it */
export function parseFaultPlan(input: unknown): { readonly plan: FaultPlan } | { readonly problem: string } {
  const parsed = planSchema.safeParse(input);
  if (!parsed.success) return { problem: z.prettifyError(parsed.error) };
  return { plan: parsed.data };
}

/**
 * Whether the next request of `action` must fail, and what is left of the plan after it. Throttling comes first, as it does
 * before a service looks at a request.
 */
export function nextFault(plan: FaultPlan, action: string): { readonly code?: RdsErrorCode; readonly rest: FaultPlan } {
  const { throttle, failNext, ...others } = plan;
  const kept = { ...others, ...(throttle ? { throttle } : {}), ...(failNext ? { failNext } : {}) };
  if (throttle && throttle.count > 0 && (throttle.action === undefined || throttle.action === action)) {
    return { code: 'Throttling', rest: { ...kept, throttle: { ...throttle, count: throttle.count - 1 } } };
  }
  if (failNext?.action !== action) return { rest: kept };
  return { code: failNext.code, rest: { ...others, ...(throttle ? { throttle } : {}) } };
}
