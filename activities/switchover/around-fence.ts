import { CutoverFault } from '../../domain/faults';
import { type ResultOf } from '../../domain/switchover';
import { lookAtFence, type FenceLook } from '../../hydra/arbiter';
import { logAltogether } from '../../hydra/capture';
import { compareSides } from '../../hydra/parity';
import { type CarriedTableName, type CopyPath } from '../../hydra/paths';
import { prepareSync, syncRound } from '../../hydra/sync';
import { withSync } from '../sync-session';
import { type Attempt } from './attempt';
import { pathOfRun } from '../support/of-side';

/** What is known of writes that went around the fence, and what was done about it. */
export class AroundFence {
  /** The last look that found something. */
  found: FenceLook | null = null;
  /** What was there already when everything of it was carried and compared: no reason to carry it once more. */
  carried: FenceLook | null = null;
  /** Tables of the left side that were carried, or are to be. */
  readonly tables = new Set<string>();
  /** Rows of the entered side that were changed by it. */
  rows = 0;
  /** Rows that differed when it was compared last; null: never compared to the end. */
  differences: number | null = null;
  tries = 0;
  spentMs = 0;
  readonly startedAt = performance.now();
}

/**
 * One statement, because requests are held meanwhile. It is not sent before the commit is known: where that is refused for a lock on one of
 * the tables, the look waits for the same lock, and whoever asks by that session next waits for the look.
 */
export async function lookAround(run: Attempt): Promise<ResultOf<'lookAround'>> {
  const { around, sessions } = run;
  const { problems, refused } = await sessions.askLeft(lookAtFence);
  // Without what was refused before the first request was held everything counts, which errs on the safe side.
  const look = { problems, refused: refused === null ? null : Math.max(0, refused - (run.refusedOnLeftBefore ?? 0)) };
  if (isKnown(look, around.carried)) return 'clean';
  around.found = look;
  concernedTables(pathOfRun(run.deps), look).forEach((table) => around.tables.add(table));
  run.deps.log.error(
    { ...run.names, problems: look.problems, refused: look.refused, tables: [...around.tables] },
    `something may have gone around the fence of ${run.leftSide}; ${run.enteredSide} stays closed until those tables are carried and compared`,
  );
  return 'found';
}

/**
 * Whether a look found nothing, or nothing but what was there before the tables were carried. Not known how many writes were refused is
 * no zero: the server forgot it in a crash. Writes that are refused after everything was compared change nothing of it: a client that
 * goes on writing to the left side must not keep the entered one closed.
 */
function isKnown({ problems, refused }: FenceLook, carried: FenceLook | null): boolean {
  if (!areKnown(problems, carried)) return false;
  return refused === 0 || (carried !== null && carried.refused !== 0);
}

function areKnown(problems: readonly string[], carried: FenceLook | null): boolean {
  return problems.every((problem) => carried?.problems.includes(problem) === true);
}

/**
 * The last look before the entered side opens. Writes that were refused since the first one are in the receipt: they changed nothing of
 * the left side, and a client that goes on writing to it must not keep the entered one closed.
 */
export async function isStillClean(run: Attempt): Promise<boolean> {
  const { problems } = await run.sessions.askLeft(lookAtFence);
  return areKnown(problems, run.around.carried);
}

/** @returns the captured tables that the problems name; all, where one names none, or writes were refused */
function concernedTables({ captured }: CopyPath, { problems, refused }: FenceLook): readonly string[] {
  const all = captured.map(({ table }) => table);
  const named = problems.map((problem) => all.filter((table) => new RegExp(`\\b${table}\\b`).test(problem)));
  if (refused !== 0 || named.length === 0 || named.some((tables) => tables.length === 0)) return all;
  return [...new Set(named.flat())];
}

/** In sessions of its own: those of the pause have limits that are too short for a table. It takes the sync over from them. */
export async function carryAround(run: Attempt): Promise<ResultOf<'carryAround'>> {
  const { around, deps, input } = run;
  const { found } = around;
  if (found === null) throw new Error('something is carried around the fence that nobody has found');
  const began = performance.now();
  const { proofLeftMs } = run;
  const signal =
    proofLeftMs === Infinity ? run.context.signal : AbortSignal.timeout(Math.max(0, Math.round(proofLeftMs)));
  const { batchRows } = deps.settings.sync;
  try {
    const differences = await withSync(
      deps,
      input,
      { purpose: 'switchover carry', signal, isPipelined: true },
      async ({ sides, admin }) => {
        const tables = [...around.tables];
        await logAltogether(sides.keeper, tables);
        const { rows } = await syncRound(sides, { batchRows, signal });
        around.rows += rows;
        const looking = await prepareSync(sides.path, sides.from, admin, deps.settings.hydraSchema);
        const compared = await compareSides(looking.path, looking.from, looking.to, {
          tables: carriedTablesOf(sides.path, tables),
          batchRows,
          signal,
        });
        return compared.differences;
      },
    );
    around.differences = differences;
    // Whoever gets requests next needs to know what came with it.
    run.informed.clear();
    if (differences > 0) {
      run.explain(`${differences} rows of ${[...around.tables].join(', ')} still differ after they were carried`);
      return 'failed';
    }
    around.carried = found;
    return 'ok';
  } finally {
    around.tries += 1;
    around.spentMs += performance.now() - began;
  }
}

/** One table of flows may be made of several tables that are captured. */
function carriedTablesOf(
  { tables: carried, captured }: CopyPath,
  tables: readonly string[],
): readonly CarriedTableName[] {
  const hasFlows = captured.some(({ table, flow }) => flow !== undefined && tables.includes(table));
  return carried
    .map(({ name }) => name)
    .filter((name) => (name === 'hydra_oauth2_flow' ? hasFlows : tables.includes(name)));
}

/** What a person is asked with: the tables, the rows, the time. */
export function unproven(run: Attempt): CutoverFault {
  const { around, settings, heldForMs, reason } = run;
  const { found, rows, differences, tries, spentMs } = around;
  const tables = [...around.tables];
  const what =
    found === null
      ? `${run.leftSide} does not answer, so nobody can say whether a write went around its fence`
      : `something may have gone around the fence of ${run.leftSide}: ${[...found.problems, ...refusedText(found.refused)].join('; ')}`;
  const done =
    tries === 0
      ? 'nothing of it was carried yet'
      : `carrying it changed ${rows} rows of ${run.enteredSide} in ${Math.round(spentMs)} ms; ${differences === null ? 'it was not compared to the end' : `${differences} rows differ`}`;
  return new CutoverFault(
    'FENCE_UNPROVEN',
    `committed, and ${run.enteredSide} stays closed: ${what}. Tables: ${tables.length === 0 ? 'not known' : tables.join(', ')}; ${done}. ` +
      `Requests are held or refused since ${Math.round(heldForMs)} ms, of which ${settings.pauseBudgetMs} ms are allowed (${reason}). ` +
      `Carry and compare those tables once more, however long it takes (retry; without Temporal \`hydra-cutover repair\`), or open ${run.enteredSide} without it ` +
      '(skip; `repair --open-unproven`): then "nothing lost" cannot be claimed',
    {
      ...{ attempt: run.theAttempt, epoch: run.theEpoch },
      problems: found?.problems,
      refused: found?.refused ?? undefined,
      tables,
      rows,
      differences: differences ?? undefined,
      heldMs: Math.round(heldForMs),
    },
  );
}

function refusedText(refused: number | null): string[] {
  if (refused === 0) return [];
  return [refused === null ? 'how many writes it refused is not known' : `it has refused ${refused} writes`];
}
