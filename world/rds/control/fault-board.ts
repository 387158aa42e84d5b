import { setTimeout as sleep } from 'node:timers/promises';
import { type InstanceStatus } from '../model/instance-status';
import { type RdsErrorCode } from '../protocol/rds-error';
import { type FaultPlan, nextFault } from './fault-plan';

/** The fault plan in force. */
export class FaultBoard {
  #plan: FaultPlan = {};
  #replaced = new AbortController();

  get plan(): FaultPlan {
    return this.#plan;
  }

  replace(plan: FaultPlan): void {
    this.#plan = plan;
    this.#replaced.abort();
    this.#replaced = new AbortController();
  }

  /** @returns the error to answer to this request, if the plan says so; it is used up by that */
  take(action: string): RdsErrorCode | undefined {
    const { code, rest } = nextFault(this.#plan, action);
    this.#plan = rest;
    return code;
  }

  /** Waits as long as the plan asks for this status. A plan that takes its place counts at once, from the same beginning. */
  async dwell(status: InstanceStatus, signal: AbortSignal): Promise<void> {
    const beganAt = performance.now();
    for (;;) {
      const leftMs = beganAt + (this.#plan.delaysMs?.[status] ?? 0) - performance.now();
      if (leftMs <= 0) return;
      const replaced = this.#replaced.signal;
      await sleep(leftMs, undefined, { signal: AbortSignal.any([signal, replaced]) }).catch((error: unknown) => {
        if (!replaced.aborted || signal.aborted) throw error;
      });
    }
  }
}
