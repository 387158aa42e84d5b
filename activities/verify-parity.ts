import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../domain/faults';
import { type SqlClient } from '../domain/ports/sql-client';
import { type ParityReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { type ParityResult, type ParitySelection, compareSides } from '../hydra/parity';
import { prepareSync, syncRound } from '../hydra/sync';
import { whileBeating } from './green/while-beating';
import { type Step, type StepContext, type StepDeps } from './step';
import { withSync } from './sync-session';

/** What blue changes between a round and the look after it differs again; what differs every time is no such change. */
const LOOKS_AGAIN = 5;
/** Before everything is compared again after a row that a person has to correct. */
const HELD_MS = 60_000;

/**
 * Compares every row of green with what blue's rows become; what differs is carried once more and looked at again, because blue
 * goes on changing meanwhile.
 *
 * Returns differences that stay, it does not throw them. Changes nothing when nothing differs; else it takes the sync over. A row of
 * blue that cannot be carried is waited for: it undoes nothing.
 * @throws CutoverFault SYNC_FENCED | SYNC_FAILED | CROSSED_CONNECTION |
 *   DB_UNREACHABLE
 */
export const verifyParity: Step<StepInput, ParityReceipt> = async (deps, input, context) => {
  for (;;) {
    try {
      return await compareAll(deps, input, context);
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

const compareAll: Step<StepInput, ParityReceipt> = async (deps, input, context) => {
  const { databases, settings } = deps;
  const options = { signal: context.signal, purpose: 'verify parity' };
  const full = await databases.withSession(
    'blue',
    (blue) =>
      databases.withSession(
        'green',
        async (green) => {
          const sides = await prepareSync(blue, green, settings.hydraSchema);
          return look(deps, context, sides.blue, sides.green);
        },
        options,
      ),
    options,
  );
  if (full.differences === 0) return receiptOf(full, full);
  deps.log.info({ differences: full.differences }, 'rows differ; looking again after a round of the sync');
  return withSync(deps, input, options, async ({ sides, admin }) => {
    const looking = await prepareSync(sides.blue, admin, settings.hydraSchema);
    let [all, last] = [full, full];
    for (let time = 0; time < LOOKS_AGAIN && last.differences > 0; time += 1) {
      await syncRound(sides, { batchRows: settings.sync.batchRows, signal: context.signal });
      // Too many to name them: everything again.
      last = await look(deps, context, looking.blue, looking.green, last.complete ? last.differing : undefined);
      if (last.looked === 'all') all = last;
    }
    return receiptOf(all, last);
  });
};

type Look = ParityResult & { readonly looked: 'all' | 'again' };

async function look(
  { settings }: StepDeps,
  context: StepContext,
  blue: SqlClient,
  green: SqlClient,
  selection?: ParitySelection,
): Promise<Look> {
  let progress: Readonly<Record<string, unknown>> = {};
  const looked = selection === undefined ? 'all' : 'again';
  const result = await whileBeating(
    context,
    () => ({ step: 'comparing', looked, ...progress }),
    () =>
      compareSides(blue, green, {
        batchRows: settings.sync.batchRows,
        signal: context.signal,
        onProgress: (reached) => (progress = { ...reached }),
        ...(selection === undefined ? {} : { selection }),
      }),
  );
  return { ...result, looked };
}

function receiptOf(all: ParityResult, last: ParityResult): ParityReceipt {
  const tables = Object.entries(all.tables).map(([name, { blue }]) => [name, blue] as const);
  return {
    tables: Object.fromEntries(tables),
    rows: all.rows,
    differences: last.differences,
    examples: last.examples,
  };
}
