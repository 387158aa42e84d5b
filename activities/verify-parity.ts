import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../domain/faults';
import { type SqlClient } from '../domain/ports/sql-client';
import { type ParityReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { RangeQueue, forgetProofs, readProof, readWalks } from '../hydra/parity';
import { readEstimates } from '../hydra/cleaning';
import { type CopyPath } from '../hydra/paths';
import { type Brake, withBrake } from './brake';
import { proveRanges, withLanes, withProgress } from './parity/prove-ranges';
import { type RoundsBeside, withRoundsBeside } from './parity/rounds-beside';
import { settleProof } from './parity/settle-proof';
import { type Step, type StepContext, type StepDeps } from './step';
import { type SyncSession, withSync } from './sync-session';
import { pathOfRun } from './support/of-side';

/** Both databases work at once already; two ranges at a time keep either busy. */
const LANES = 2;
/** Before everything that is left is compared again after a row that a person has to correct. */
const HELD_MS = 60_000;

/**
 * Compares every row of the entered side with what the left one's rows become, by ranges of keys; ranges that differ are looked at again row
 * by row after rounds of the sync, because the left side goes on changing meanwhile. The entered one keeps how far it is: a repeat goes on
 * where it was.
 *
 * Takes the sync over, and rounds go on beside the comparison. Returns differences that stay, it does not throw them. A row of the left side that
 * cannot be carried is waited for: it undoes nothing.
 * @throws CutoverFault SYNC_FENCED | SYNC_FAILED | CROSSED_CONNECTION |
 *   DB_UNREACHABLE
 */
export const verifyParity: Step<StepInput, ParityReceipt> = (deps, input, context) =>
  withProgress(deps, input, context.signal, async (progress) => {
    if (context.attempt <= 1) await forgetProofs(progress);
    const options = { signal: context.signal, purpose: 'verify parity', isPipelined: true };
    await withBrake(deps, input, context, context.signal, (brake) =>
      withSync(deps, input, options, (session) => untilCompared({ deps, session, brake, context, progress })),
    );
    return receiptOf(deps, progress);
  });

interface Comparing {
  readonly deps: StepDeps;
  readonly session: SyncSession;
  readonly brake: Brake;
  readonly context: StepContext;
  readonly progress: SqlClient;
}

async function untilCompared(comparing: Comparing): Promise<void> {
  const { deps, session, brake, context } = comparing;
  const { from } = deps.direction;
  const beside = { brake, signal: context.signal };
  for (;;) {
    try {
      await withRoundsBeside(deps, session, beside, (signal, rounds) => compareAll(comparing, signal, rounds));
      await lookAgain(comparing);
      return;
    } catch (error) {
      if (!isCutoverFault(error) || error.code !== 'ROW_UNREADABLE') throw error;
      deps.log.warn(
        { ...error.details, reason: error.message },
        `the comparison waits for a row of ${from} to be corrected`,
      );
      context.heartbeat({ step: `waits for a row of ${from}`, reason: error.message });
      await withRoundsBeside(deps, session, beside, (signal) => sleep(HELD_MS, undefined, { signal }));
    }
  }
}

/** Every walk that was not through yet. */
async function compareAll(
  { deps, brake, context, progress }: Comparing,
  signal: AbortSignal,
  beside: RoundsBeside,
): Promise<void> {
  const path = pathOfRun(deps);
  const all = await readWalks(path, progress);
  const queue = new RangeQueue(
    progress,
    all.filter(({ provenSince }) => provenSince === null),
  );
  // A repeat goes on where the try before it was.
  let rows = all.reduce((sum, walk) => sum + walk.rows, 0);
  let ranges = 0;
  const of = await rowsAbout(path, progress);
  const say = (): void => context.heartbeat({ step: 'comparing', looked: 'all', rows, of, ranges, ...beside.said });
  say();
  await withLanes(deps, LANES, { signal, purpose: 'verify parity' }, (lanes) =>
    proveRanges(lanes, queue, {
      signal,
      before: () => brake.pass(signal),
      onRange: ({ from }) => {
        brake.took(from.rows);
        rows += from.rows;
        ranges += 1;
        say();
      },
    }),
  );
}

/** By the entered side's own statistics, which are new: its tables were analyzed after the migration, and have not those that the migration merged. */
async function rowsAbout({ tables }: CopyPath, entered: SqlClient): Promise<number> {
  const estimates = await readEstimates(entered);
  return tables.reduce((sum, { name }) => sum + Math.max(0, estimates.get(name) ?? 0), 0);
}

async function lookAgain({ deps, session, brake, context, progress }: Comparing): Promise<void> {
  const { unequal } = await readProof(session.sides.path, progress);
  if (unequal === 0) return;
  deps.log.info({ unequal }, 'ranges differ; looking again after a round of the sync');
  context.heartbeat({ step: 'comparing', looked: 'again', ranges: unequal });
  await settleProof(deps, session, { signal: context.signal, brake });
}

async function receiptOf(deps: StepDeps, progress: SqlClient): Promise<ParityReceipt> {
  const { tables, differences, examples } = await readProof(pathOfRun(deps), progress);
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  return { tables, rows, differences, examples };
}
