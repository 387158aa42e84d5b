import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../domain/faults';
import { type SqlClient } from '../domain/ports/sql-client';
import { type ParityReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { RangeQueue, forgetProofs, readProof, readWalks } from '../hydra/parity';
import { readEstimates } from '../hydra/cleaning';
import { type CopyPath, copyPathOf } from '../hydra/paths';
import { type Brake, withBrake } from './brake';
import { proveRanges, withLanes, withProgress } from './parity/prove-ranges';
import { settleProof } from './parity/settle-proof';
import { type Step, type StepContext, type StepDeps } from './step';
import { withSync } from './sync-session';

/** Both databases work at once already; two ranges at a time keep either busy. */
const LANES = 2;
/** Before everything that is left is compared again after a row that a person has to correct. */
const HELD_MS = 60_000;

/**
 * Compares every row of green with what blue's rows become, by ranges of keys; ranges that differ are looked at again row by row after
 * rounds of the sync, because blue goes on changing meanwhile. Green keeps how far it is: a repeat goes on where it was.
 *
 * Returns differences that stay, it does not throw them. Changes nothing of Hydra's when nothing differs; else it takes the sync over. A
 * row of blue that cannot be carried is waited for: it undoes nothing.
 * @throws CutoverFault SYNC_FENCED | SYNC_FAILED | CROSSED_CONNECTION |
 *   DB_UNREACHABLE
 */
export const verifyParity: Step<StepInput, ParityReceipt> = async (deps, input, context) => {
  let isRepeat = context.attempt > 1;
  for (;;) {
    try {
      return await withProgress(deps, input, context.signal, async (progress) => {
        if (!isRepeat) await forgetProofs(progress);
        isRepeat = true;
        await withBrake(deps, input, context, context.signal, async (brake) => {
          await compareAll(deps, brake, context, progress);
          await lookAgain(deps, input, { brake, context }, progress);
        });
        return receiptOf(deps, progress);
      });
    } catch (error) {
      if (!isCutoverFault(error) || error.code !== 'ROW_UNREADABLE') throw error;
      deps.log.warn(
        { ...error.details, reason: error.message },
        'the comparison waits for a row of blue to be corrected',
      );
      context.heartbeat({ step: 'waits for a row of blue', reason: error.message });
      await sleep(HELD_MS, undefined, { signal: context.signal }).catch(() => context.signal.throwIfAborted());
    }
  }
};

/** Every walk that was not through yet. */
async function compareAll(deps: StepDeps, brake: Brake, context: StepContext, progress: SqlClient): Promise<void> {
  const path = copyPathOf(deps.settings.hydraVersion);
  const all = await readWalks(path, progress);
  const queue = new RangeQueue(
    progress,
    all.filter(({ provenSince }) => provenSince === null),
  );
  // A repeat goes on where the try before it was.
  let rows = all.reduce((sum, walk) => sum + walk.rows, 0);
  let ranges = 0;
  const of = await rowsAbout(path, progress);
  const say = (): void => context.heartbeat({ step: 'comparing', looked: 'all', rows, of, ranges });
  say();
  await withLanes(deps, LANES, { signal: context.signal, purpose: 'verify parity' }, (lanes) =>
    proveRanges(lanes, queue, {
      signal: context.signal,
      before: () => brake.pass(context.signal),
      onRange: ({ from }) => {
        brake.took(from.rows);
        rows += from.rows;
        ranges += 1;
        say();
      },
    }),
  );
}

/** By green's own statistics, which are new: its tables were analyzed after the migration, and have not those that the migration merged. */
async function rowsAbout({ tables }: CopyPath, green: SqlClient): Promise<number> {
  const estimates = await readEstimates(green);
  return tables.reduce((sum, { name }) => sum + Math.max(0, estimates.get(name) ?? 0), 0);
}

async function lookAgain(
  deps: StepDeps,
  input: StepInput,
  { brake, context }: { readonly brake: Brake; readonly context: StepContext },
  progress: SqlClient,
): Promise<void> {
  const { unequal } = await readProof(copyPathOf(deps.settings.hydraVersion), progress);
  if (unequal === 0) return;
  deps.log.info({ unequal }, 'ranges differ; looking again after a round of the sync');
  const options = { signal: context.signal, purpose: 'verify parity' };
  context.heartbeat({ step: 'comparing', looked: 'again', ranges: unequal });
  await withSync(deps, input, options, (session) => settleProof(deps, session, { signal: context.signal, brake }));
}

async function receiptOf(deps: StepDeps, progress: SqlClient): Promise<ParityReceipt> {
  const { tables, differences, examples } = await readProof(copyPathOf(deps.settings.hydraVersion), progress);
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  return { tables, rows, differences, examples };
}
