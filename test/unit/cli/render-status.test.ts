import { type Look } from '../../../cli/temporal/look';
import { renderScreen, renderStatus, statusLines } from '../../../cli/temporal/render-status';
import { exitCodeOfLook } from '../../../cli/temporal/watch';
import { whyNoWorker } from '../../../cli/temporal/workers-seen';
import { durationText } from '../../../domain/evidence/words';

const LOOK: Look = {
  workflowId: 'cutover/test',
  runId: 'r',
  temporal: 'RUNNING',
  startedAt: '2026-01-01T00:00:00.000Z',
  status: {
    cutoverId: 'c',
    environment: 'test',
    mode: 'real',
    startedBy: 'alice',
    phase: 'cutover',
    undoing: false,
    awaiting: {
      gate: 'cutover',
      question: 'cutover-2-9c1e04ab',
      decisions: ['approve', 'reject'],
      since: '2026-01-01T00:00:00.000Z',
      why: 'Read the evidence.',
      evidence: {
        title: 'May the writes move?',
        verdict: { state: 'bad', text: 'look first.', reasons: ['one'] },
        facts: [
          { label: 'way back', value: 'none', state: 'bad' },
          { label: 'a|b', value: 'c' },
        ],
        blocks: [{ kind: 'list', title: 'Problems', items: ['one'] }],
      },
      deadline: null,
    },
    phases: [],
    decisions: [],
    ignored: [],
    committed: false,
    plan: null,
    report: null,
  },
  report: null,
  phase: 'cutover',
  awaiting: 'cutover',
  pending: [],
  cancelRequested: false,
  wasReset: false,
  workers: null,
};

it('shows what the decision is to be based on, and answers that can be copied', () => {
  expect(renderStatus(LOOK, 'hydra-cutover.yaml', Infinity).split('\n').slice(1)).toEqual([
    '',
    'Now: waiting for a person: gate cutover.',
    '',
    'started  2026-01-01T00:00:00.000Z by alice',
    '',
    'waiting for a person: gate cutover',
    'Read the evidence.',
    '',
    'May the writes move?',
    '',
    'Verdict, look first: look first.',
    '- one',
    '',
    'way back  none',
    'a|b       c',
    '',
    'Problems',
    '- one',
    '',
    'hydra-cutover approve --config hydra-cutover.yaml --gate cutover --question cutover-2-9c1e04ab --by NAME',
    'hydra-cutover reject --config hydra-cutover.yaml --gate cutover --question cutover-2-9c1e04ab --by NAME',
    '',
  ]);
});

it.each([
  [undefined, 'hydra-cutover approve --gate'],
  ["it's here.yaml", String.raw`hydra-cutover approve --config 'it'\''s here.yaml' --gate`],
])('names the config as a shell takes it: %s', (config, command) => {
  expect(renderStatus(LOOK, config, 40)).toContain(command);
});

it.each([
  [LOOK, 'cutover/test: running, phase cutover, blue serves'],
  [{ ...LOOK, cancelRequested: true }, 'cutover/test: running, phase cutover, blue serves, cancel requested'],
  [{ ...LOOK, status: null, cancelRequested: true }, 'cutover/test: running, cancel requested'],
  [
    { ...LOOK, temporal: 'TERMINATED', cancelRequested: true },
    'cutover/test: terminated: ended by force, it undid nothing',
  ],
])('%#: its first line says how it is, and whether somebody asked for its end', (look, line) => {
  expect(renderStatus(look, undefined, Infinity).split('\n')[0]).toBe(line);
});

const REPAIR = '`hydra-cutover repair --cutover-id c --by NAME` takes back what it did';

it.each([
  [
    'says where to look when nobody asked the databases',
    undefined,
    /undid nothing.\n- `hydra-cutover status --from-databases`/,
    5,
  ],
  [
    'says what the databases advise',
    { cutoverId: 'c', isKnown: true, isTouched: true, next: [REPAIR] },
    /undid nothing.\n- `hydra-cutover repair --cutover-id c --by NAME` takes back/,
    5,
  ],
  [
    'asks for nobody once it was taken back',
    { cutoverId: null, isKnown: true, isTouched: false, next: ['nothing'] },
    /and blue serves\.\n\n/,
    4,
  ],
  [
    'asks for nobody once it was finalized',
    { cutoverId: 'c', isKnown: true, isTouched: true, isFinalized: true as const, next: ['nothing'] },
    /cutover c was brought to its end since: green serves, and is finalized\.\n\n/,
    0,
  ],
  [
    'does not take silence for an undo',
    { cutoverId: null, isKnown: false, isTouched: false, next: ['ask again'] },
    /- ask again/,
    5,
  ],
])('a run that was ended by force %s', (_title, found, text, exitCode) => {
  const ended = { ...LOOK, temporal: 'TERMINATED', awaiting: null };
  expect(renderStatus(ended, undefined, Infinity, found)).toMatch(text);
  expect(exitCodeOfLook(ended, found)).toBe(exitCode);
});

it.each([
  ['applyTargets', undefined, /nobody takes writes until green is open\n\nNow: .* goes on by itself/],
  ['applyTargets', 'policy gave no answer', /nobody takes writes[^]*does not get on;[^]*\n- policy gave no answer\n/],
  ['release', undefined, /committed, green is open\n/],
])('a committed switchover is not told as blue serving: %s, %s', (step, problem, text) => {
  const progress = { step, state: 'committed', ...(problem === undefined ? {} : { problem }) };
  const pending = [{ name: 'switchover', attempt: 1, progress, percent: null, leftMs: null }];
  const status = { ...STATUS, phase: 'switchover' as const, awaiting: null };
  const inside = { ...LOOK, status, awaiting: null, pending };
  expect(renderStatus(inside, undefined, Infinity)).toMatch(text);
  expect(renderStatus(inside, undefined, Infinity)).not.toContain('blue serves');
  // Behind a step that has ended, as where a person is asked about blue's fence, nobody says that green is open either.
  const asked = renderStatus({ ...inside, status: { ...status, committed: true }, pending: [] }, undefined, Infinity);
  expect(asked).toMatch(/^[^\n]*committed, green serves once this phase is done\n/);
  // Without a worker the last word of the step is all there is.
  expect(renderStatus({ ...inside, status: null }, undefined, Infinity)).toMatch(/^[^\n]*running, committed, /);
});

const STATUS = LOOK.status as NonNullable<Look['status']>;
const MIGRATING: Look = {
  ...LOOK,
  status: {
    ...STATUS,
    phase: 'migrate',
    awaiting: null,
    phases: [
      { name: 'clean', startedAt: LOOK.startedAt, durationMs: 4_000 },
      { name: 'migrate', startedAt: LOOK.startedAt, durationMs: null },
    ],
    decisions: [{ gate: 'plan', decision: 'approve', by: 'bob', at: LOOK.startedAt, note: 'change 4711' }],
    cancelNote: { by: 'carol', at: LOOK.startedAt, note: 'a deployment came between' },
  },
  awaiting: null,
  phase: 'migrate',
  pending: [
    {
      name: 'migrateGreen',
      attempt: 2,
      progress: { step: 'migrating', applied: 10, expected: 40 },
      percent: 25,
      leftMs: 180_000,
      lastFailure: 'DB_UNREACHABLE',
    },
  ],
};
const STEP = 'migrateGreen, try 2: 25 %, about 3 min left; migrating, applied 10, expected 40 (before: DB_UNREACHABLE)';

it('tells how far a step is and about how long it goes on, and keeps notes', () => {
  const text = renderStatus(MIGRATING, undefined, Infinity);
  expect(text).toContain(`- ${STEP}`);
  expect(text).toContain('approve by bob (change 4711)');
  expect(text).toContain('carol at 2026-01-01T00:00:00.000Z: a deployment came between');
});

it.each([
  ['goes on', false, 'it goes on by itself'],
  ['is undone', true, 'it takes back what it did'],
])(
  'a run that %s: says at its head what a step met that is tried again, and calls nobody where all goes well',
  (_how, undoing, what) => {
    const look = { ...MIGRATING, status: MIGRATING.status === null ? null : { ...MIGRATING.status, undoing } };
    expect(renderStatus(look, undefined, Infinity)).toMatch(
      new RegExp(`Now: ${what}; a step failed and is tried again\\..*\n- migrateGreen, try 2, after: DB_UNREACHABLE`),
    );
    const well = look.pending.map((step) => ({ ...step, lastFailure: undefined }));
    expect(renderStatus({ ...look, pending: well }, undefined, Infinity)).toContain(`Now: ${what}; nobody is asked.`);
  },
);

it('says at its head what goes on failing beside a gate: the evidence is that of the last look that succeeded', () => {
  const failing = { ...MIGRATING.pending[0], name: 'keepInSync', attempt: 9, lastFailure: 'no session on green' };
  const asked = renderStatus({ ...LOOK, pending: [failing] } as Look, undefined, Infinity);
  expect(asked).toMatch(
    /\nNow: waiting for a person: gate cutover\. A step beside the gate failed and is tried again\. The evidence does not show it:\n- keepInSync, try 9, after: no session on green\n/,
  );
});

it.each([40, 60, 80, 120])('has no line of its own that is longer than %i columns', (width) => {
  for (const look of [MIGRATING, { ...MIGRATING, status: null }, { ...LOOK, temporal: 'TERMINATED' }]) {
    const long = renderStatus(look, undefined, width)
      .split('\n')
      .filter((line) => line.length > width && !line.startsWith('hydra-cutover '));
    expect(long).toEqual([]);
  }
});

describe('a screen', () => {
  it.each([
    [24, 80],
    [10, 40],
    [3, 40],
  ])('of %i rows and %i columns is never outgrown, whatever there is to say', (rows, columns) => {
    for (const look of [MIGRATING, LOOK]) {
      const lines = renderScreen(look, undefined, columns, rows);
      expect(lines.length).toBeLessThan(rows);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    }
  });

  it('names the question and where its evidence is', () => {
    const text = renderScreen(LOOK, 'a.yaml', 80, 24).join('\n');
    expect(text).toContain('The evidence, and how to answer: hydra-cutover status --config a.yaml');
    expect(text).toContain('question cutover-2-9c1e04ab');
  });
});

it('as lines, each thing that is so stands in one of its own', () => {
  const lines = statusLines(MIGRATING, undefined);
  expect(lines).toContain(`  > ${STEP}`);
  expect(lines.filter((line) => line.includes('clean '))).toHaveLength(1);
  expect(statusLines(LOOK, undefined).at(-1)).toContain('--gate cutover --question cutover-2-9c1e04ab');
});

describe('when no worker answers', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const seen = { taskQueue: 'q', polled: 1, lastPolledAt: at, version: null, versionsPolled: [] };

  it.each([
    [{ ...seen, polled: 0, lastPolledAt: null }, 'Nobody polls task queue q: start one'],
    [seen, `Task queue q was polled last at ${at}: that worker was killed since, or fails`],
    [
      { ...seen, polled: 0, lastPolledAt: null, version: 'v1', versionsPolled: ['v2', 'v3'] },
      'This run is pinned to version v1, of which no worker polls task queue q; those of v2, v3 do, and may not take it: start one of version v1',
    ],
    [
      { ...seen, version: 'v1', versionsPolled: ['v1', 'v2'] },
      `Task queue q was polled last at ${at}: that worker was killed since, or fails`,
    ],
    [
      { ...seen, versionsPolled: ['v2'] },
      `polled last at ${at} by version v2, which takes a new run only when it is the current one`,
    ],
  ])('%#: says what is known of those that poll', (workers, said) => {
    expect(whyNoWorker(workers)).toContain(said);
  });
});

it.each([
  [null, 'now'],
  [0, '0.0 s'],
  [59_940, '1 min 0 s'],
  [59_400, '59.4 s'],
  [119_700, '2 min 0 s'],
  [7_265_000, '121 min 5 s'],
])('%s ms are "%s"', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
