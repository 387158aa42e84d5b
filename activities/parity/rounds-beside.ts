import { setTimeout as sleep } from 'node:timers/promises';
import { readBacklog } from '../../hydra/sync';
import { type Brake } from '../brake';
import { LogUpkeep } from '../log-upkeep';
import { HELD_MS, pacedRound } from '../paced-round';
import { type StepDeps } from '../step';
import { type SyncSession } from '../sync-session';

/** What the rounds of a sync say while something else goes on. */
export interface RoundsBeside {
  /** For heartbeats. */
  readonly said: Readonly<Record<string, unknown>>;
}

/**
 * Runs `work` while rounds of the sync go on, so that the entered side stays close to the left one, whose change log stays small, however long the work takes. No
 * round is under way when it returns: the session is the caller's again.
 *
 * @param work in sessions of its own; its signal is aborted when the sync ends
 * @throws CutoverFault SYNC_FENCED (another sync took over, or the entered side is open) | SYNC_FAILED | CROSSED_CONNECTION | DB_UNREACHABLE; what
 *   `work` throws; the signal's reason
 */
export async function withRoundsBeside<T>(
  deps: StepDeps,
  session: SyncSession,
  { brake, signal }: { readonly brake: Brake; readonly signal: AbortSignal },
  work: (signal: AbortSignal, beside: RoundsBeside) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const ended = new AbortController();
  const beside = { said: {} };
  const rounds = roundsUntil(deps, session, { brake, signal: AbortSignal.any([signal, over.signal]) }, beside).catch(
    (error: unknown) => {
      if (!over.signal.aborted) ended.abort(error);
    },
  );
  try {
    const result = await work(AbortSignal.any([signal, ended.signal]), beside);
    ended.signal.throwIfAborted();
    return result;
  } catch (error) {
    signal.throwIfAborted();
    // What ended the sync says why the work was ended.
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    over.abort(new Error('what went on beside the sync has ended'));
    await rounds;
  }
}

async function roundsUntil(
  deps: StepDeps,
  { sides }: SyncSession,
  { brake, signal }: { readonly brake: Brake; readonly signal: AbortSignal },
  beside: { said: Readonly<Record<string, unknown>> },
): Promise<never> {
  const { idleMs } = deps.settings.sync;
  const upkeep = new LogUpkeep(deps, sides);
  for (;;) {
    const round = await pacedRound(deps, sides, { brake, upkeep, signal });
    const isHeld = 'held' in round;
    const backlog = isHeld ? await readBacklog(sides.keeper) : round.backlog;
    beside.said = { backlog, ...(isHeld ? { held: round.held } : {}), ...upkeep.said };
    await sleep(isHeld ? HELD_MS : idleMs, undefined, { signal });
  }
}
