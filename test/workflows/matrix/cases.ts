import { type Handle } from '../support/environment';
import { COLUMN_TITLES, COLUMNS, type Column, type Scene } from './misbehaviour';
import { NO_GATE, type Row, type Rows } from './row';

/** One workflow, and what its cases play in. */
export interface Kind<Step extends string> {
  /** In front of each title. */
  readonly what: string;
  /** What takes the run back, the newest first, with its phase. */
  readonly wayBack: readonly (readonly [Step, string])[];
  readonly scene: (step: Step, column: Column, onlyForward: boolean) => Scene<Step>;
  readonly begin: (scene: Scene<Step>) => Promise<Handle>;
}

export interface Case {
  readonly title: string;
  readonly column: Column;
  readonly row: Row;
  /** Whether the step has a row for the next gate. */
  readonly isGateBehind: boolean;
  /** What the report must say of each undo: also of those that were left out. */
  readonly receipts: readonly object[];
  readonly open: () => { readonly scene: Scene; readonly begin: () => Promise<Handle> };
}

/** @param onlyForward the steps misbehave after the commit alone */
export function tableCases<Step extends string>(
  kind: Kind<Step>,
  table: Readonly<Partial<Record<Step, Rows>>>,
  onlyForward = false,
): Case[] {
  const where = onlyForward ? ' on the way forward' : '';
  return (Object.entries(table) as [Step, Rows][]).flatMap(([step, rows]) =>
    COLUMNS.flatMap((column) => {
      const row = rows[column];
      if (row === NO_GATE) return [];
      const title = `${kind.what}${step}${where} ${COLUMN_TITLES[column]}: ${told(row)}`;
      return [caseOf(kind, step, column, row, { title, onlyForward, isGateBehind: rows.rejected !== NO_GATE })];
    }),
  );
}

/** An undo that fails for good, by what a person says to it. */
export function undoCases<Step extends string>(
  kind: Kind<Step>,
  table: Readonly<Partial<Record<Step, Readonly<Record<'retry' | 'give_up', Row>>>>>,
): Case[] {
  return (Object.entries(table) as [Step, Readonly<Record<'retry' | 'give_up', Row>>][]).flatMap(([step, rows]) =>
    (['retry', 'give_up'] as const).map((answer) => {
      const title = `${kind.what}${step} fails for good and a person says ${answer}: ${told(rows[answer])}`;
      return caseOf(kind, step, 'failsForGood', rows[answer], { title, onlyForward: false, isGateBehind: false });
    }),
  );
}

function caseOf<Step extends string>(
  kind: Kind<Step>,
  step: Step,
  column: Column,
  row: Row,
  { onlyForward, ...more }: Pick<Case, 'title' | 'isGateBehind'> & { readonly onlyForward: boolean },
): Case {
  const open = () => {
    const scene = kind.scene(step, column, onlyForward);
    return { scene: scene as unknown as Scene, begin: () => kind.begin(scene) };
  };
  return { ...more, column, row, receipts: receiptsOf(kind, step, row), open };
}

function receiptsOf<Step extends string>({ wayBack }: Kind<Step>, step: Step, row: Row): object[] {
  const undos = wayBack.map(([undo]) => undo as string);
  const last = undos.indexOf(row.undone.at(-1) ?? '');
  const isGivenUp = row.end === 'incomplete' && row.asked.at(-1) === 'give_up';
  // Who leaves one out is asked about each that needs it, too.
  const failed = isGivenUp
    ? undos.slice(last)
    : undos.slice(undos.indexOf(step)).slice(0, row.asked.filter((answer) => answer === 'skip').length);
  const told = isGivenUp ? [...row.undone, ...undos.slice(last + 1)] : row.undone;
  return told.map((undo) => ({
    phase: wayBack.find(([name]) => name === undo)?.[1],
    ok: row.end !== 'incomplete' || !failed.includes(undo),
  }));
}

function told({ end, writes, left }: Row): string {
  return `${end}, ${writes} serves${left.length === 0 ? '' : `, left: ${left.join(', ')}`}`;
}
