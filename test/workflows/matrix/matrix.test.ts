import { STEPS } from '../../../activities';
import { type Phase } from '../../../domain/runbook';
import { REHEARSAL_STEPS } from '../../../domain/steps';
import { steps } from '../../../workflows/steps';
import { useTemporal } from '../support/environment';
import { type StepName } from '../support/fake-steps';
import { COLUMNS, COLUMN_TITLES, Scene, type Column } from './misbehaviour';
import { isUndo, ModelWorld, UNDO_STEPS, type UndoStep } from './model-world';
import { playCase, type Result } from './play-case';
import { FORWARD_ROWS, NO_GATE, ROWS, UNDO_ROWS, type Row } from './table';

const ALL_CASES_MS = 1_800_000;
/** Runs that wait for a dead worker cost nothing meanwhile; the others share two cores. */
const AT_ONCE = 24;
const POLL_MS = 250;
const SILENT_POLL_MS = 1_000;

const CLOSES: Readonly<Record<Row['end'], string>> = {
  completed: 'COMPLETED',
  refused: 'CHECK_FAILED',
  undone: 'UNDONE',
  cancelled: 'CANCELLED',
  incomplete: 'UNDO_INCOMPLETE',
};
const PHASE_OF: Readonly<Record<UndoStep, Phase>> = {
  restoreLifetimes: 'lifetimes',
  disableCapture: 'capture',
  deleteSnapshot: 'snapshot',
  deleteGreen: 'restore',
  stopGreen: 'start',
  resumeJobs: 'jobs',
  abandonSwitchover: 'switchover',
};

interface Case {
  readonly title: string;
  readonly step: StepName;
  readonly column: Column;
  readonly row: Row;
  readonly onlyForward: boolean;
  /** Whether the step has a row for the next gate. */
  readonly isGateBehind: boolean;
}

const temporal = useTemporal();
const cases = [...tableCases(ROWS, false), ...tableCases(FORWARD_ROWS, true), ...undoCases()];
const results = new Map<Case, Result | Error>();

beforeAll(async () => {
  const isSilent = ({ column }: Case) => column === 'timesOut' || column === 'killed';
  const silent = cases.filter(isSilent).map((one) => play(one, SILENT_POLL_MS));
  const others = cases.filter((one) => !isSilent(one)).values();
  const lane = async () => {
    for (const one of others) await play(one, POLL_MS);
  };
  await Promise.all([...silent, ...Array.from({ length: AT_ONCE }, lane)]);
}, ALL_CASES_MS);

describe('the compensation matrix', () => {
  it('has rows for every step, and for no other', () => {
    const known = Object.keys(steps).sort();
    expect([...Object.keys(ROWS), ...REHEARSAL_STEPS].sort()).toEqual(known);
    expect(Object.keys(STEPS).sort()).toEqual(known);
    for (const rows of Object.values(ROWS)) expect(Object.keys(rows).sort()).toEqual([...COLUMNS].sort());
  });

  it('has an answer to every undo that fails for good', () => {
    expect([...Object.keys(UNDO_ROWS), 'abandonSwitchover'].sort()).toEqual([...UNDO_STEPS].sort());
  });

  it.each(cases)('$title', (one) => {
    const result = results.get(one);
    if (result === undefined || result instanceof Error) throw result ?? new Error('the case did not run');
    const { report, closes, violations, gatesBehind, ...seen } = result;
    expect(seen).toEqual(one.row);
    expect(violations).toEqual([]);
    if (one.column === 'failsTwice') expect(gatesBehind > 0).toBe(one.isGateBehind);
    expect(closes).toBe(CLOSES[one.row.end]);
    if (one.row.end === 'completed') expect(report.undone).toEqual([]);
    else expect(report.undone).toMatchObject(undoReceipts(one));
  });
});

/** What the report must say of each undo: also of those that were left out. */
function undoReceipts({ step, row }: Case): object[] {
  const done = row.undone.map((name) => ({ phase: PHASE_OF[name], ok: row.end !== 'incomplete' || name !== step }));
  if (!row.asked.includes('give_up')) return done;
  const below = [...UNDO_STEPS].reverse().slice(row.undone.length);
  return [...done, ...below.map((name) => ({ phase: PHASE_OF[name], ok: false }))];
}

async function play(one: Case, pollMs: number): Promise<void> {
  const { step, column, row, onlyForward } = one;
  const goesBack = isUndo(step) && !onlyForward;
  const scene = new Scene(new ModelWorld(), step, column, onlyForward, goesBack);
  try {
    const handle = await temporal.begin(scene.activities());
    results.set(one, await playCase(handle, scene, row, pollMs));
  } catch (error) {
    results.set(one, error instanceof Error ? error : new Error(String(error)));
  } finally {
    scene.isOver = true;
  }
}

function tableCases(table: Readonly<Partial<Record<StepName, typeof ROWS.preflight>>>, onlyForward: boolean): Case[] {
  const where = onlyForward ? ' on the way forward' : '';
  return (Object.keys(table) as StepName[]).flatMap((step) =>
    COLUMNS.flatMap((column) => {
      const row = table[step]?.[column];
      if (row === undefined || row === NO_GATE) return [];
      const title = `${step}${where} ${COLUMN_TITLES[column]}: ${told(row)}`;
      const isGateBehind = table[step]?.rejected !== NO_GATE;
      return [{ title, step, column, row, onlyForward, isGateBehind }];
    }),
  );
}

function undoCases(): Case[] {
  return (Object.keys(UNDO_ROWS) as (keyof typeof UNDO_ROWS)[]).flatMap((step) =>
    (['retry', 'give_up'] as const).map((answer) => {
      const row = UNDO_ROWS[step][answer];
      const title = `${step} fails for good and a person says ${answer}: ${told(row)}`;
      return { title, step, column: 'failsForGood' as const, row, onlyForward: false, isGateBehind: false };
    }),
  );
}

function told({ end, writes, left }: Row): string {
  return `${end}, ${writes} writes${left.length === 0 ? '' : `, left: ${left.join(', ')}`}`;
}
