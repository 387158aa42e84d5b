import { z } from 'zod';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { type TargetRecord, type TargetResult } from '../../domain/target';

/** The target port of a process that keeps its own state: what `targetRoutes` serves. */
export interface TargetStore<State> {
  /** The record as last made durable. Never blocks. */
  read(): TargetRecord<State>;
  /** @throws CutoverFault TARGET_STATE_INVALID | DISK_FULL | STATE_UNWRITABLE */
  stage(epoch: number, state: unknown): Promise<TargetResult<State>>;
  /** @throws CutoverFault DISK_FULL | STATE_UNWRITABLE */
  apply(epoch: number): Promise<TargetResult<State>>;
  /** @throws CutoverFault DISK_FULL | STATE_UNWRITABLE */
  revert(epoch: number): Promise<TargetResult<State>>;
  /**
   * The epoch was committed, see `commitTarget`.
   * @throws CutoverFault TARGET_STATE_INVALID | DISK_FULL | STATE_UNWRITABLE | DB_UNREACHABLE (whoever is asked first does not answer)
   */
  tellCommitted(epoch: number, state: unknown): Promise<TargetResult<State>>;
}

/**
 * A state as it came from the wire, through a target's own `parseState`.
 * @throws CutoverFault TARGET_STATE_INVALID with the reason that `parseState` gave
 */
export function acceptState<State>(state: unknown, parseState: (value: unknown) => State): State {
  try {
    return parseState(state);
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : asCutoverFault(error).message;
    throw new CutoverFault('TARGET_STATE_INVALID', message, {}, error);
  }
}
