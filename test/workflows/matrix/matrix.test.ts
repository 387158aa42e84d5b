import { STEPS } from '../../../activities';
import { IN_PLACE_STEPS } from '../../../activities/in-place';
import { IN_PLACE_WORKFLOW } from '../../../domain/in-place/runbook';
import { COPY_UPGRADE, REHEARSAL_STEPS } from '../../../domain/runbooks/copy-upgrade';
import { steps } from '../../../workflows/steps';
import { inPlaceSteps } from '../../../workflows/in-place/steps';
import { useTemporal } from '../support/environment';
import { FAKE_ASIDES, STEP_ANSWERS, type StepName } from '../support/fake-steps';
import { type Case, type Kind, tableCases, undoCases } from './cases';
import { type InPlaceModelStep, InPlaceWorld, IN_PLACE_WAY_BACK, modelStepOf } from './in-place-world';
import { IN_PLACE_ROWS, IN_PLACE_UNDO_ROWS } from './in-place-table';
import { COLUMNS, Scene } from './misbehaviour';
import { isUndo, ModelWorld, UNDO_STEPS } from './model-world';
import { playCase, type Result } from './play-case';
import { type Row } from './row';
import { FORWARD_ROWS, ROWS, UNDO_ROWS } from './table';

const ALL_CASES_MS = 900_000;
/** Runs that wait for a dead worker cost nothing meanwhile; the others share two cores. */
const AT_ONCE = 40;

const CLOSES: Readonly<Record<Row['end'], string>> = {
  completed: 'COMPLETED',
  refused: 'CHECK_FAILED',
  undone: 'UNDONE',
  cancelled: 'CANCELLED',
  incomplete: 'UNDO_INCOMPLETE',
};

const temporal = useTemporal();

const UPGRADE: Kind<StepName> = {
  what: '',
  wayBack: [...UNDO_STEPS].reverse().map((undo) => {
    const [phase = ''] = Object.entries(COPY_UPGRADE).find(([, row]) => 'undo' in row && row.undo === undo) ?? [];
    return [undo, phase];
  }),
  scene: (step, column, onlyForward) =>
    new Scene(new ModelWorld(), step, column, {
      onlyForward,
      breaksAt: isUndo(step) && !onlyForward ? 'switchover' : undefined,
    }),
  begin: (scene) => temporal.begin(scene.activities(Object.keys(STEP_ANSWERS), (name) => name as StepName)),
};

const IN_PLACE: Kind<InPlaceModelStep> = {
  what: 'in place, ',
  wayBack: IN_PLACE_WAY_BACK,
  scene: (step, column) => {
    const isUndoStep = IN_PLACE_WAY_BACK.some(([undo]) => undo === step);
    return new Scene(new InPlaceWorld(), step, column, { breaksAt: isUndoStep ? 'stopOld' : undefined });
  },
  begin: (scene) => {
    const activities = scene.activities(Object.keys(inPlaceSteps), modelStepOf);
    return temporal.begin({ ...activities, ...FAKE_ASIDES }, {}, IN_PLACE_WORKFLOW);
  },
};

const cases = [
  ...tableCases(UPGRADE, ROWS),
  ...tableCases(UPGRADE, FORWARD_ROWS, true),
  ...undoCases(UPGRADE, UNDO_ROWS),
  ...tableCases(IN_PLACE, IN_PLACE_ROWS),
  ...undoCases(IN_PLACE, IN_PLACE_UNDO_ROWS),
];
const results = new Map<Case, Result | Error>();

beforeAll(async () => {
  const isSilent = ({ column }: Case) => column === 'timesOut' || column === 'killed';
  const silent = cases.filter(isSilent).map(play);
  const others = cases.filter((one) => !isSilent(one)).values();
  const lane = async () => {
    for (const one of others) await play(one);
  };
  await Promise.all([...silent, ...Array.from({ length: AT_ONCE }, lane)]);
}, ALL_CASES_MS);

describe('the compensation matrix', () => {
  it('has rows for every step, and for no other', () => {
    const known = Object.keys(steps).sort();
    expect([...Object.keys(ROWS), ...REHEARSAL_STEPS].sort()).toEqual(known);
    expect(Object.keys(STEPS).sort()).toEqual(known);
    // One step shifts the traffic to and fro.
    const inPlace = [...Object.keys(inPlaceSteps), 'shiftBack'].sort();
    expect(Object.keys(IN_PLACE_ROWS).sort()).toEqual(inPlace);
    expect([...Object.keys(IN_PLACE_STEPS), 'shiftBack'].sort()).toEqual(inPlace);
    for (const rows of [...Object.values(ROWS), ...Object.values(IN_PLACE_ROWS)])
      expect(Object.keys(rows).sort()).toEqual([...COLUMNS].sort());
  });

  it('has an answer to every undo that fails for good', () => {
    expect([...Object.keys(UNDO_ROWS), 'abandonSwitchover'].sort()).toEqual([...UNDO_STEPS].sort());
    expect(Object.keys(IN_PLACE_UNDO_ROWS).sort()).toEqual(IN_PLACE_WAY_BACK.map(([undo]) => undo).sort());
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
    else expect(report.undone).toMatchObject(one.receipts);
  });
});

async function play(one: Case): Promise<void> {
  const { scene, begin } = one.open();
  try {
    const h = await begin();
    results.set(one, await playCase(h, scene, one.row));
  } catch (error) {
    results.set(one, error instanceof Error ? error : new Error(String(error)));
  } finally {
    scene.isOver = true;
  }
}
