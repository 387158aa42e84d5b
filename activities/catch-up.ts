import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../domain/faults';
import { type SyncReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { type RoundReceipt, type SyncSides, carryRecentRequests, readBacklog } from '../hydra/sync';
import { type Brake, withBrake } from './brake';
import { LogUpkeep } from './log-upkeep';
import { HELD_MS, pacedRound } from './paced-round';
import { type Step, type StepContext, type StepDeps } from './step';
import { withSync } from './sync-session';

/** Fewer in a round say nothing of how fast the sync can be. */
const MEASURED_CHANGES = 1_000;

/**
 * Carries what changed on the left side since the snapshot, in rounds until few enough changes are left to ask for the cutover, or so many that
 * they are carried in about a second.
 *
 * Idempotent; takes over from whatever sync was running. A row that cannot be carried is waited for.
 * @throws CutoverFault SYNC_FAILED (not caught up in time, a table truncated) | SYNC_FENCED (another sync took over, or the entered
 *   side is open) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const catchUp: Step<StepInput, SyncReceipt> = async (deps, input, context) => {
  const { from, to } = deps.direction;
  const { catchUpDeadlineMs } = deps.settings.sync;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('late')), catchUpDeadlineMs);
  // Between two transactions, so that the session ends in order.
  const signal = AbortSignal.any([context.signal, late.signal]);
  try {
    return await withBrake(deps, input, context, context.signal, (brake) =>
      withSync(deps, input, { signal: context.signal, purpose: 'catch up', isPipelined: true }, ({ sides }) =>
        roundsUntilSmall(deps, sides, brake, { ...context, signal }),
      ),
    );
  } catch (error) {
    context.signal.throwIfAborted();
    if (!late.signal.aborted) throw error;
    throw new CutoverFault(
      'SYNC_FAILED',
      `${to} did not catch up with ${from} within ${catchUpDeadlineMs} ms; raise sync.catchUpDeadlineMs, or try at a quieter hour`,
      { catchUpDeadlineMs },
    );
  } finally {
    clearTimeout(timer);
  }
};

/**
 * On a database that is written to at thousands of rows a second some hundred are always left. What counts is how long they take, at the speed
 * that this round had.
 */
export function isSoonCarried({ changes, durationMs, backlog }: RoundReceipt, backlogMsMax: number): boolean {
  return changes > 0 && backlog * (durationMs / changes) <= backlogMsMax;
}

async function roundsUntilSmall(
  deps: StepDeps,
  sides: SyncSides,
  brake: Brake,
  context: StepContext,
): Promise<SyncReceipt> {
  const { backlogMax, backlogMsMax, idleMs } = deps.settings.sync;
  const startedAt = performance.now();
  let fastest = 0;
  const total = { rounds: 0, changes: 0, rows: 0, backlog: await readBacklog(sides.keeper) };
  const upkeep = new LogUpkeep(deps, sides);
  const say = (): void => {
    const perSecond = Math.round(total.changes / Math.max(0.001, (performance.now() - startedAt) / 1_000));
    context.heartbeat({
      step: 'catching up',
      backlog: total.backlog,
      changes: total.changes,
      perSecond,
      ...upkeep.said,
    });
  };
  // Nobody has looked since the capture began, and the migration may have taken hours.
  await upkeep.look();
  say();
  await carryRecentRequests(sides, { before: () => brake.pass(context.signal) });
  for (;;) {
    const round = await pacedRound(deps, sides, {
      ...{ brake, upkeep, signal: context.signal },
      onPart: ({ changes, rows }) => {
        total.changes += changes;
        total.rows += rows;
        total.backlog = Math.max(0, total.backlog - changes);
        say();
      },
    });
    if ('held' in round) {
      context.heartbeat({
        step: `waits for a row of ${deps.direction.from}`,
        backlog: total.backlog,
        reason: round.held,
      });
      await sleep(HELD_MS, undefined, { signal: context.signal });
      continue;
    }
    total.rounds += 1;
    if (round.changes >= MEASURED_CHANGES) {
      fastest = Math.max(fastest, Math.round((round.changes * 1_000) / Math.max(1, round.durationMs)));
    }
    total.backlog = round.backlog;
    say();
    if (round.backlog <= backlogMax || isSoonCarried(round, backlogMsMax)) {
      return { ...total, ...(fastest === 0 ? {} : { perSecond: fastest }) };
    }
    await sleep(Math.min(idleMs, 100), undefined, { signal: context.signal });
  }
}
