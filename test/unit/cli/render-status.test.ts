import { type Look } from '../../../cli/temporal/look';
import { plainMarkdown } from '../../../cli/temporal/plain-markdown';
import { renderStatus } from '../../../cli/temporal/render-status';

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
      evidence: '| fact | value |\n| --- | --- |\n| way back | **none** |\n| a\\|b | c |\n\n#### Problems\n- one',
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
  wasReset: false,
  workers: null,
};

it('shows what the decision is to be based on, and answers that can be copied', () => {
  expect(renderStatus(LOOK, 'hydra-cutover.yaml').split('\n').slice(2)).toEqual([
    'waiting for a person: gate cutover',
    '  Read the evidence.',
    '',
    '  fact      value',
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
  expect(renderStatus(LOOK, config)).toContain(command);
});

it('leaves text that is no table alone', () => {
  expect(plainMarkdown('one\n\ntwo | three')).toBe('one\n\ntwo | three');
  expect(plainMarkdown('')).toBe('');
});
