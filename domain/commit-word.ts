/**
 * Argument of the Signal `committed`: the step that moved the writes tells its run at once. Its end may be long in coming, because it
 * waits for whoever is away.
 */
export interface CommitWord {
  readonly cutoverId: string;
  readonly epoch: number;
}

export const COMMITTED_SIGNAL = 'committed';
