import { type SyncReceipt } from '../domain/receipts';
import { type SyncInput } from '../domain/steps';
import { pruneStaleChallenges, readBacklog } from '../hydra/sync';
import { type Brake, withBrake } from './brake';
import { CallersBeside } from './callers/callers-beside';
import { proveBeside } from './parity/prove-beside';
import { settleProof } from './parity/settle-proof';
import { LogUpkeep } from './log-upkeep';
import { HELD_MS, pacedRound } from './paced-round';
import { ShadowOrders } from './evidence/shadow-round';
import { pause } from './support/wait-for';
import { type Step, type StepContext, type StepDeps } from './step';
import { type SyncSession, withSync } from './sync-session';

/** A round that was cancelled may end by itself for so long. */
const END_LIMIT_MS = 10_000;
const PRUNE_EVERY_MS = 60_000;
/** Between two looks at ranges that were not equal, each after a round. */
const SETTLE_EVERY_MS = 10_000;

/**
 * Keeps the entered side in sync while people think: rounds for `forMs`, or until it is cancelled; then it ends in order and throws the
 * signal's reason. A repeat takes its whole time again. A row that cannot be carried is waited for, and keeps the commit away. Beside the
 * rounds all rows are compared over and over.
 *
 * @throws CutoverFault SYNC_FENCED (another sync took over, or the entered side is open) | SYNC_FAILED | CROSSED_CONNECTION | DB_UNREACHABLE
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
    return await withBrake(deps, input, context, cut.signal, (brake) =>
      withSync(deps, input, { signal: cut.signal, purpose: 'keep in sync', isPipelined: true }, async (session) => {
        const over = new AbortController();
        const shadow = new ShadowOrders(deps, input.cutoverId);
        const proving = proveBeside(deps, input, brake, AbortSignal.any([over.signal, context.signal]));
        try {
          return await rounds(deps, session, { brake, shadow }, context, input);
        } finally {
          if (context.signal.aborted) await shadow.stop();
          over.abort(new Error('the sync beside it has ended'));
          await proving;
        }
      }),
    );
  } finally {
    context.signal.removeEventListener('abort', cancelled);
    clearTimeout(timer);
  }
};

async function rounds(
  deps: StepDeps,
  session: SyncSession,
  { brake, shadow }: { readonly brake: Brake; readonly shadow: ShadowOrders },
  context: StepContext,
  { forMs }: SyncInput,
): Promise<SyncReceipt> {
  const { sides } = session;
  const { idleMs } = deps.settings.sync;
  const total = { rounds: 0, changes: 0, rows: 0 };
  const callers = new CallersBeside(deps, session);
  const upkeep = new LogUpkeep(deps, sides);
  const startedAt = performance.now();
  let prunedAt = startedAt;
  let settledAt = startedAt;
  let proof = {};
  let backlog = 0;
  for (;;) {
    const round = await pacedRound(deps, sides, {
      ...{ brake, upkeep, signal: context.signal },
      // A rewritten table makes a round as long as catching up.
      onPart: ({ changes }) => context.heartbeat({ step: 'in sync', ...total, part: changes }),
    });
    if ('held' in round) {
      backlog = await readBacklog(sides.keeper);
      context.heartbeat({ step: `waits for a row of ${deps.direction.from}`, ...total, backlog, reason: round.held });
    } else {
      backlog = round.backlog;
      total.rounds += 1;
      total.changes += round.changes;
      total.rows += round.rows;
      context.heartbeat({
        step: 'in sync',
        ...total,
        backlog,
        lastRoundMs: round.durationMs,
        ...proof,
        ...upkeep.said,
      });
      if (performance.now() - settledAt > SETTLE_EVERY_MS) {
        settledAt = performance.now();
        const { ageMs, unequal, differences } = await settleProof(deps, session, { signal: context.signal, brake });
        proof = { oldestProofMs: ageMs, unequal, differences };
      }
      shadow.roundEnded();
      await callers.pass();
    }
    const isOver = performance.now() - startedAt >= forMs;
    if (isOver || performance.now() - prunedAt > PRUNE_EVERY_MS) {
      prunedAt = performance.now();
      await pruneStaleChallenges(sides.to, sides.loginTtlMs);
    }
    if (isOver) {
      await upkeep.look();
      await shadow.ended();
      await callers.look();
      return { ...total, backlog };
    }
    await pause('held' in round ? HELD_MS : idleMs, context);
  }
}
