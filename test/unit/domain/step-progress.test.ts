import { stepProgress, type StepKnown } from '../../../domain/step-progress';

const KNOWN: StepKnown = { elapsedMs: 60_000, predictedMs: null };

it.each<[string, unknown, Partial<StepKnown>, number | null, number | null]>([
  ['a snapshot by its percent', { status: 'creating', percent: 25 }, {}, 25, 180_000],
  ['a snapshot that has just begun, not at all', { percent: 0 }, {}, 0, null],
  [
    'a restore, which tells no percent, by what was predicted',
    { status: 'creating' },
    { predictedMs: 80_000 },
    75,
    20_000,
  ],
  ['one that takes longer than predicted, not at all', { status: 'creating' }, { predictedMs: 50_000 }, null, null],
  ['migrations by their count', { step: 'migrating', applied: 10, expected: 40 }, {}, 25, 180_000],
  [
    'migrations by their count, and the rest as rehearsed: the last one may be the long one',
    { applied: 39, expected: 40 },
    { predictedMs: 3_600_000 },
    97,
    3_540_000,
  ],
  ['catching up by what is left and how fast it goes', { backlog: 300, changes: 100, perSecond: 50 }, {}, 25, 6_000],
  ['catching up that stands still, without a time', { backlog: 300, changes: 100, perSecond: 0 }, {}, 25, null],
  ['a sync that follows without an end, not at all', { step: 'in sync', backlog: 300, changes: 100 }, {}, null, null],
  ['a comparison by its rows', { looked: 'all', rows: 500, of: 1_000, ranges: 9 }, {}, 50, 60_000],
  ['a comparison of more rows than were estimated, never as over', { rows: 2_000, of: 1_000 }, {}, 99, 606],
  ['a comparison of tables that nobody has analyzed, not at all', { rows: 2_000, of: 0 }, {}, null, null],
  ['a bake by the time that is left', { step: 'baking', leftMs: 180_000 }, {}, 25, 180_000],
  ['samples by their count', { step: 'sampling', done: 5, of: 10 }, {}, 50, 60_000],
  ['nothing of nothing', { done: 0, of: 0 }, {}, null, null],
  ['nothing said', null, {}, null, null],
  ['nonsense', { percent: 'half', leftMs: -1 }, {}, null, null],
])('tells %s', (_title, said, known, percent, leftMs) => {
  expect(stepProgress(said, { ...KNOWN, ...known })).toEqual({ percent, leftMs });
});
