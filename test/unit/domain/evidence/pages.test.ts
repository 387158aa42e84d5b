import { cutoverPage, type CutoverKnown } from '../../../../domain/evidence/cutover-page';
import { finalizePage } from '../../../../domain/evidence/finalize-page';
import { planPage } from '../../../../domain/evidence/plan-page';
import { reportPage } from '../../../../domain/evidence/report-page';
import { pageMarkdown } from '../../../../domain/page/markdown';
import { type CutoverEvidence, type Report } from '../../../../domain/receipts';
import { ANSWERS, COMMITTED, EVIDENCE, PARITY, PLAN } from '../../../workflows/support/fake-steps';
import { RECEIPTS, REPORT } from './a-report';

const SHADOW = { shadow: 'all as declared' };
const KNOWN: CutoverKnown = {
  parity: PARITY,
  sync: { rounds: 1, changes: 1, rows: 1, backlog: 0, perSecond: 100 },
  phases: [{ name: 'migrate', durationMs: 4_000, predictedMs: 5_000 }],
  backlog: [],
};

const POINT = { atMs: 0, value: 0 };
const KNOWN_USER = { state: 'known', loggedInAt: '2026-01-01T00:00:00Z', beforeSnapshot: true, why: null } as const;

describe('the verdict at gate cutover', () => {
  it.each<[string, Partial<CutoverEvidence>, Partial<CutoverKnown>, string, string]>([
    ['good when all was looked at and nothing is wrong', {}, {}, 'good', 'green is as blue'],
    ['not certain without shadow answers', { shadow: undefined }, {}, 'unknown', 'no gateway asked it'],
    ['not certain when no shadow answer was compared yet', { shadowCompared: 0 }, {}, 'unknown', 'compared yet'],
    ['not certain when Hydra was not asked', { answers: null }, {}, 'unknown', 'Hydra on green was not asked'],
    ['not certain when all rows were never compared', {}, { parity: null }, 'unknown', 'never compared'],
    ['not certain when no pause is predicted', { predictedPauseMs: null }, {}, 'unknown', 'could not be predicted'],
    [
      'not certain when no user of blue is followed',
      { canaryUser: { ...KNOWN_USER, state: 'unproven', why: 'there is no `canary` in the config' } },
      {},
      'unknown',
      'that users stay logged in is not proven: there is no `canary`',
    ],
    [
      'not certain when the user is younger than the snapshot',
      { canaryUser: { ...KNOWN_USER, beforeSnapshot: false } },
      {},
      'unknown',
      'no user was followed who logged in before the snapshot',
    ],
    ['not certain when nobody looked for the user', { canaryUser: undefined }, {}, 'unknown', 'was not looked at'],
    ['to look first with a problem', { problems: ['a long transaction'] }, {}, 'bad', 'a long transaction'],
    ['to look first when blue changes too fast', { changesPerSecond: 90 }, {}, 'bad', 'blue changes 90 rows a second'],
    [
      'to look first when an answer differs, whatever else is not known',
      { answers: { ...ANSWERS, found: 2 }, canaryMs: null },
      {},
      'bad',
      '2 answers of Hydra on green differ',
    ],
  ])('is %s', (_title, evidence, known, state, said) => {
    const { verdict } = cutoverPage({ ...EVIDENCE, ...SHADOW, ...evidence }, PLAN, { ...KNOWN, ...known });
    expect(verdict.state).toBe(state);
    expect([verdict.text, ...verdict.reasons].join('\n')).toContain(said);
  });
});

it.each<[string, Partial<CutoverEvidence>, CutoverKnown['backlog'], string]>([
  ['soon where gateways have only begun to ask green', { shadowCompared: 0 }, [], 'again in 1 min, then every 10 min'],
  ['as ever where they have', { shadowCompared: 9 }, [], 'again every 10 min'],
  ['as ever where there is nothing that they could ask', { shadowCompared: 0 }, [POINT, POINT], 'again every 10 min'],
])('the evidence is gathered anew %s', (_title, evidence, backlog, said) => {
  const text = pageMarkdown(cutoverPage({ ...EVIDENCE, ...SHADOW, ...evidence }, PLAN, { ...KNOWN, backlog }));
  expect(text).toContain(said);
});

it('gate cutover shows what there is to know before the commit', () => {
  const measured = { writesPerSecond: 3, changesPerSecond: 2, changeLogBytes: 9, longestWriteMs: 1_400 };
  const evidence = { ...EVIDENCE, ...SHADOW, ...measured };
  const text = pageMarkdown(cutoverPage(evidence, PLAN, KNOWN));
  for (const label of [
    'parity of all rows',
    'parity of what changed last',
    'changes not carried yet',
    'changes of blue per second',
    'last sync round',
    'canary, blue to green',
    "Hydra's answers, green closed",
    'users stay logged in',
    "green's answers beside blue's",
    'requests per second',
    'clients write',
    'longest transaction that writes on blue',
    'predicted pause',
    'migration, and as rehearsed',
    'way back',
    'what cannot go back',
    'who goes with it',
  ]) {
    expect(text).toContain(`- ${label}: `);
  }
  expect(text).toContain('took 4.0 s, predicted 5.0 s');
});

const { bake: BAKE, drain: DRAIN, validation: VALIDATION } = RECEIPTS;

describe('the verdict at gate finalize', () => {
  it.each<[string, object, string, string]>([
    ['good when everything was done and is well', {}, 'good', 'as well as blue'],
    ['not certain without a bake', { bake: null }, 'unknown', 'there was no bake'],
    [
      'not certain when the bake saw too little',
      { bake: { ...BAKE, verdict: 'inconclusive', problems: ['0 requests'] } },
      'unknown',
      '0 requests',
    ],
    ...(['inconclusive', undefined] as const).map((state): [string, object, string, string] => [
      `not certain when the canary user is ${state ?? 'not looked at'}`,
      { validation: { ...VALIDATION, canaryUser: state && { ...VALIDATION.canaryUser, state, why: 'no key' } } },
      'unknown',
      'that users stay logged in is not shown',
    ]),
    [
      'to look first when the canary user did not go on',
      {
        validation: {
          ...{ ok: false, checks: [{ name: 'users stay logged in', ok: false, observed: '' }] },
          canaryUser: { ...VALIDATION.canaryUser, state: 'broken', why: 'session: login_required' },
        },
      },
      'bad',
      "1 check of green's answers did not pass",
    ],
    [
      'not certain when nobody asked the jobs',
      { purgeGuard: null },
      'unknown',
      'what the jobs would remove is not known',
    ],
    [
      'to look first when a job would remove what nobody revoked',
      {
        purgeGuard: {
          ok: false,
          jobs: [{ name: 'cleanup', wouldRemove: 3, explained: 1, unnamed: 0, intact: 2, hidden: 0 }],
        },
      },
      'bad',
      'cleanup 3, of which 1 explained: 2 hang on a consent that green lists',
    ],
    [
      'to look first when a write met a guard',
      { switchovers: [{ ...COMMITTED, refused: 2 }] },
      'bad',
      '2 writes met a guard',
    ],
    ['to look first when revocations are missing', { drain: { ...DRAIN, missing: 1 } }, 'bad', '1 revocation missing'],
  ])('is %s', (_title, receipts, state, said) => {
    const { verdict } = finalizePage({ ...RECEIPTS, ...receipts }, PLAN, []);
    expect(verdict.state).toBe(state);
    expect([verdict.text, ...verdict.reasons].join('\n')).toContain(said);
  });
});

it('a plan with a warning, or without a prediction, asks to be read', () => {
  expect(planPage(PLAN).verdict).toMatchObject({
    state: 'unknown',
    reasons: ['1 warning below', 'nothing is predicted: rehearse first'],
  });
  const prediction = { runs: [], totalMs: 1, migrations: [], reason: null };
  expect(planPage({ ...PLAN, warnings: [], prediction }).verdict).toMatchObject({ state: 'good', reasons: [] });
});

describe('the report', () => {
  it('tells what the migration cost, and what each long one took', () => {
    const migrate: Report['migrate'] = {
      ...{ applied: 212, pending: 0 as const, durationMs: 60_000 },
      slowest: [{ migration: '2022', durationMs: 40_000 }],
      costs: { rowsInserted: 7, rowsUpdated: 12_000, rowsDeleted: 0, tempBytes: 0, commits: 213, walBytes: 5_400_000 },
    };
    const text = pageMarkdown(reportPage({ ...REPORT, migrate }));
    expect(text).toContain(
      '- what the migration cost: 12000 rows updated, 7 inserted, 0 deleted; 5.4 MB of WAL, 0.0 MB of temporary files, 213 commits',
    );
    expect(text).toContain('| 2022 | 40.0 s |');
  });

  it('keeps the notes of whoever started it and of whoever decided', () => {
    const text = pageMarkdown(reportPage(REPORT));
    expect(text).toContain('- started by: alice: change 4711');
    expect(text).toContain('- 2026-01-01T00:10:00.000Z gate plan: approve by bob (because)');
  });

  it.each<[string, Partial<Report>, string, string]>([
    ['good for a run that completed', {}, 'good', 'green serves'],
    [
      'look first where an undo is not done',
      { outcome: 'undone', undone: [{ phase: 'capture', ok: false, durationMs: 1 }] },
      'bad',
      'the undo of capture is not done',
    ],
    [
      'not certain for one that was undone, with its cause',
      { outcome: 'undone', cause: { code: 'GATE_REJECTED', message: 'no' } },
      'unknown',
      'GATE_REJECTED: no',
    ],
    [
      'look first for a rehearsal with a blocking finding',
      {
        mode: 'rehearse',
        outcome: 'rehearsed',
        findings: [{ phase: 'parity', weight: 'blocks', code: 'PARITY_DIFFERS', what: 'x' }],
      },
      'bad',
      'a real run would be refused or end here: 1 reason',
    ],
  ])('is %s', (_title, more, state, said) => {
    const { verdict } = reportPage({ ...REPORT, ...more });
    expect(verdict.state).toBe(state);
    expect([verdict.text, ...verdict.reasons].join('\n')).toContain(said);
  });
});
