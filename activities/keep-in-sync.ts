import { setTimeout as sleep } from 'node:timers/promises';
import { type SyncReceipt } from '../domain/receipts';
import { type SyncInput } from '../domain/steps';
import { pruneChangeLog } from '../hydra/capture';
import { type PartReceipt, pruneStaleChallenges, syncRound } from '../hydra/sync';
import { type Step, type StepContext, type StepDeps } from './step';
import { type SyncSession, withSync } from './sync-session';

/** A round that was cancelled may end by itself for so long. */
const END_LIMIT_MS = 10_000;
const PRUNE_EVERY_MS = 60_000;

/**
 * Keeps green in sync while people think: rounds for `forMs`, or until it is cancelled; then it ends in order and throws the
 * signal's reason. A repeat takes its whole time again.
 *
 * @throws CutoverFault SYNC_FENCED (another sync took over, or green is open) | SYNC_FAILED | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const keepInSync: Step<SyncInput, SyncReceipt> = async (deps, input, context) => {
  const cut = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const cancelled = (): void => {
    timer = setTimeout(() => cut.abort(context.signal.reason), END_LIMIT_MS);
  };
  context.signal.throwIfAborted();
  context.signal.addEventListener('abort', cancelled, { once: true });
  try {
    return await withSync(deps, input, { signal: cut.signal, purpose: 'keep in sync' }, (session) =>
      rounds(deps, session, context, input.forMs),
    );
  } finally {
    context.signal.removeEventListener('abort', cancelled);
    clearTimeout(timer);
  }
};

async function rounds(
  deps: StepDeps,
  { sides }: SyncSession,
  context: StepContext,
  forMs: number,
): Promise<SyncReceipt> {
  const { batchRows, idleMs } = deps.settings.sync;
  const total = { rounds: 0, changes: 0, rows: 0 };
  const startedAt = performance.now();
  let prunedAt = startedAt;
  for (;;) {
    // A rewritten table makes a round as long as catching up.
    const onPart = (part: PartReceipt): void => context.heartbeat({ step: 'in sync', ...total, part: part.changes });
    const round = await syncRound(sides, { batchRows, signal: context.signal, onPart });
    total.rounds += 1;
    total.changes += round.changes;
    total.rows += round.rows;
    context.heartbeat({ step: 'in sync', ...total, backlog: round.backlog, lastRoundMs: round.durationMs });
    const isOver = performance.now() - startedAt >= forMs;
    if (isOver || performance.now() - prunedAt > PRUNE_EVERY_MS) {
      prunedAt = performance.now();
      await pruneChangeLog(sides.blue);
      await pruneStaleChallenges(sides.green);
    }
    if (isOver) return { ...total, backlog: round.backlog };
    await sleep(idleMs, undefined, { signal: context.signal }).catch(() => undefined);
    context.signal.throwIfAborted();
  }
}
