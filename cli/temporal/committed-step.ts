import { type PendingStep } from './look';

/** A switchover that is committed and not over: its step says so with each beat, and the run may not have heard it yet. */
export interface CommittedStep {
  /** Green takes writes already. */
  readonly isOpen: boolean;
  /** What keeps it from getting on, by the last try; null: nothing did. */
  readonly problem: string | null;
}

/** What comes once green is open. */
const BEHIND_OPEN: readonly unknown[] = ['release', 'confirmTargets'];

/** @returns null: no switchover is under way, or it is not known to be committed */
export function committedStep(pending: readonly PendingStep[]): CommittedStep | null {
  const said = pending.find(({ name }) => name === 'switchover')?.progress;
  if (typeof said !== 'object' || said === null) return null;
  const { state, step, problem } = said as {
    readonly state?: unknown;
    readonly step?: unknown;
    readonly problem?: unknown;
  };
  if (state !== 'committed') return null;
  return { isOpen: BEHIND_OPEN.includes(step), problem: typeof problem === 'string' ? problem : null };
}

export function servesInside({ isOpen }: CommittedStep): string {
  return isOpen ? 'committed, green is open' : 'committed, nobody takes writes until green is open';
}
