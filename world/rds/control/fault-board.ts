import { type InstanceStatus } from '../model/instance-status';
import { type RdsErrorCode } from '../protocol/rds-error';
import { type FaultPlan, nextFault } from './fault-plan';

/** The fault plan in force. */
export class FaultBoard {
  #plan: FaultPlan = {};

  get plan(): FaultPlan {
    return this.#plan;
  }

  replace(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** @returns the error to answer to this request, if the plan says so; it is used up by that */
  take(action: string): RdsErrorCode | undefined {
    const { code, rest } = nextFault(this.#plan, action);
    this.#plan = rest;
    return code;
  }

  delayMs(status: InstanceStatus): number {
    return this.#plan.delaysMs?.[status] ?? 0;
  }
}
