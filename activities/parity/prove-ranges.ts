import { type DatabaseSession, type SessionOptions } from '../../domain/ports/databases';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type StepInput } from '../../domain/steps';
import { byFullName } from '../../hydra/by-full-name';
import { type ComparedRange, type RangeQueue, compareInTime, installParityTables } from '../../hydra/parity';
import { prepareSync } from '../../hydra/sync';
import { withEntered } from '../support/with-entered';
import { type StepDeps } from '../step';
import { pathOfRun } from '../support/of-side';

/** A session on each side that compares one range after the other. */
export type Lane = Awaited<ReturnType<typeof prepareSync>>;

export interface ProveOptions {
  readonly signal: AbortSignal;
  /** Before each range. */
  readonly before?: () => Promise<void>;
  readonly onRange?: (compared: ComparedRange) => void | Promise<void>;
}

/** Runs `work` with a session on the entered side that keeps how far the comparison is. @throws CutoverFault as withEntered */
export function withProgress<T>(
  deps: StepDeps,
  input: StepInput,
  signal: AbortSignal,
  work: (progress: SqlClient) => Promise<T>,
): Promise<T> {
  return withEntered(deps, input, { signal }, 'parity progress', async (session) => {
    const progress = await byFullName(session, deps.settings.hydraSchema);
    await installParityTables(pathOfRun(deps), progress);
    return work(progress);
  });
}

/** Opens so many lanes and runs `work` with them. Their order is that of the sessions' opening. */
export async function withLanes<T>(
  deps: StepDeps,
  count: number,
  options: SessionOptions,
  work: (lanes: readonly Lane[]) => Promise<T>,
  opened: readonly Lane[] = [],
): Promise<T> {
  if (opened.length === count) return work(opened);
  const { databases, direction, settings } = deps;
  const inLeft = (left: DatabaseSession): Promise<T> =>
    databases.withSession(
      direction.to,
      async (entered) => {
        const lane = await prepareSync(pathOfRun(deps), left, entered, settings.hydraSchema);
        return withLanes(deps, count, options, work, [...opened, lane]);
      },
      { isPipelined: true, ...options, as: 'worker' },
    );
  return databases.withSession(direction.from, inLeft, { isPipelined: true, ...options, as: 'worker' });
}

/** Compares ranges in all lanes at once until the queue is empty. What failed first is thrown, once every lane has stopped. */
export async function proveRanges(lanes: readonly Lane[], queue: RangeQueue, options: ProveOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const results = await Promise.allSettled(
    lanes.map((lane) =>
      proveInLane(lane, queue, { ...options, signal }).catch((error: unknown) => {
        if (!stop.signal.aborted) stop.abort(error);
        throw error;
      }),
    ),
  );
  options.signal.throwIfAborted();
  if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
}

async function proveInLane(lane: Lane, queue: RangeQueue, { signal, before, onRange }: ProveOptions): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    await before?.();
    const task = await queue.take(lane.from);
    if (task === null) return;
    const parts = await compareInTime(lane, task.walk, task.range);
    await task.done(parts);
    for (const part of parts) await onRange?.(part);
  }
}
