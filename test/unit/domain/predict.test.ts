import { predict } from '../../../domain/predict';
import { type PastRun } from '../../../domain/ports/run-history';
import { type Report } from '../../../domain/receipts';

const VERSIONS = { blue: '1.11.10', green: '2.3.0' };
const SUBJECT = {
  mode: 'real',
  hydraVersion: VERSIONS,
  databaseBytes: 2_000,
  rows: { hydra_client: 30, hydra_oauth2_flow: 30 },
} as const;

type Phases = Readonly<Record<string, number>>;

/** A run over a database of half the size and a third of the rows. */
function run(runId: string, phases: Phases, changes: object = {}, plan: object = {}): PastRun {
  const report = {
    mode: 'rehearse',
    outcome: 'rehearsed',
    plan: { hydraVersion: VERSIONS, blue: { databaseBytes: 1_000, rows: { hydra_client: 20 } }, ...plan },
    phases: Object.entries(phases).map(([name, durationMs]) => ({ name, durationMs })),
    migrate: null,
    ...changes,
  } as unknown as Report;
  const { mode, outcome } = report;
  return { workflowId: 'w', runId, mode, outcome, startedAt: 's', endedAt: `end of ${runId}`, report };
}

describe('a prediction', () => {
  it('grows with the bytes or the rows of the database, and what grows with neither stays', () => {
    const { phases, reason } = predict(SUBJECT, [run('r', { snapshot: 100, clean: 100, start: 100 })]);
    expect(phases).toEqual({ snapshot: 200, clean: 300, start: 100 });
    expect(reason).toBeNull();
  });

  it('shrinks with a database that did', () => {
    const small = { ...SUBJECT, databaseBytes: 500, rows: { hydra_client: 10 } };
    expect(predict(small, [run('r', { migrate: 100, vacuum: 10, repair: 100 })]).phases).toEqual({
      migrate: 50,
      vacuum: 5,
      repair: 50,
    });
  });

  it('takes the median of the three latest rehearsals, and real runs only for what no rehearsal goes through', () => {
    const real = run('real', { start: 9_000, bake: 50 }, { mode: 'real', outcome: 'completed' });
    const rehearsals = [30, 10, 20, 5_000].map((start, index) => run(`r${index}`, { start }));
    const { phases, runs } = predict(SUBJECT, [real, ...rehearsals]);
    expect(phases).toEqual({ start: 20, bake: 50 });
    expect(runs.map(({ runId }) => runId)).toEqual(['real', 'r0', 'r1', 'r2']);
  });

  it('counts both halves of the comparison of a rehearsal for a real run, and each for a rehearsal', () => {
    const rehearsal = run('r', { hashes: 10, parity: 20 });
    expect(predict(SUBJECT, [rehearsal]).phases).toMatchObject({ parity: 90 });
    expect(predict({ ...SUBJECT, mode: 'rehearse' }, [rehearsal]).phases).toMatchObject({ hashes: 30, parity: 60 });
  });

  it('leaves out how long people took, phases that were cut short, runs of other versions and those that failed', () => {
    const cut = run(
      'cut',
      { plan: 1_000, start: 7, migrate: 100 },
      { findings: [{ phase: 'migrate', weight: 'blocks', code: 'MIGRATION_FAILED', what: 'x' }] },
    );
    expect(predict(SUBJECT, [cut]).phases).toEqual({ start: 7 });
    const others = [
      run('old', { start: 1 }, {}, { hydraVersion: { blue: '1.10.0', green: '2.3.0' } }),
      run('failed', { start: 1 }, { outcome: 'undone' }),
    ];
    expect(predict(SUBJECT, others)).toMatchObject({
      phases: {},
      runs: [],
      reason:
        'none of the 2 latest runs of this environment took Hydra 1.11.10 to 2.3.0 to its end; a rehearsal would measure it',
    });
    expect(predict(SUBJECT, []).reason).toContain('no earlier run');
  });

  it('tells the longest migrations, grown as the database did', () => {
    const slowest = [{ migration: '2022', durationMs: 40 }];
    const { migrations } = predict(SUBJECT, [run('r', { migrate: 100 }, { migrate: { slowest } })]);
    expect(migrations).toEqual([{ migration: '2022', durationMs: 80 }]);
  });
});
