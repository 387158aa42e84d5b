import { type Look } from '../../../cli/temporal/look';
import { renderStatus } from '../../../cli/temporal/render-status';
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
  expect(renderStatus(LOOK, 'hydra-cutover.yaml', Infinity).split('\n').slice(2)).toEqual([
    'waiting for a person: gate cutover',
    '  Read the evidence.',
    '',
    '  May the writes move?',
    '',
    '  Verdict, look first: look first.',
    '  - one',
    '',
    '  way back  none',
    '  a|b       c',
    '',
    '  Problems',
    '  - one',
    '',
    '    hydra-cutover approve --config hydra-cutover.yaml --gate cutover --question cutover-2-9c1e04ab --by NAME',
    '    hydra-cutover reject --config hydra-cutover.yaml --gate cutover --question cutover-2-9c1e04ab --by NAME',
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
    'cutover/test: terminated: ended by force, nothing was undone',
  ],
])('%#: its first line says how it is, and whether somebody asked for its end', (look, line) => {
  expect(renderStatus(look, undefined, Infinity).split('\n')[0]).toBe(line);
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
