import { type Column } from './misbehaviour';

/** A person's answers at gate `intervene`, in order. */
export type Answer = 'retry' | 'skip' | 'give_up';

/** What one case must come to. */
export interface Row<Undo extends string = string, Trace extends string = string> {
  /** `incomplete`: undone, but not everything. */
  readonly end: 'completed' | 'refused' | 'undone' | 'cancelled' | 'incomplete';
  /** Which side may write then; in place, which version serves. */
  readonly writes: 'blue' | 'green' | 'old' | 'new';
  /** What was taken back before the commit, in order; behind it only the claim that finds the commit. */
  readonly undone: readonly Undo[];
  /** How often the step was tried. */
  readonly attempts: number;
  readonly asked: readonly Answer[];
  readonly left: readonly Trace[];
}

/** The case does not exist: behind the step no gate is asked any more. Each run shows that it is so. */
export const NO_GATE = 'no gate follows';

export type Rows<R extends Row = Row> = Readonly<Record<Column, R | typeof NO_GATE>>;
