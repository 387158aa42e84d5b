import { mayBeHidden, whyHidden, type Standing } from '../../../../cli/temporal/hidden-run';
import { type Look } from '../../../../cli/temporal/look';
import { type Report } from '../../../../domain/receipts';
import { REPORT } from '../../domain/evidence/a-report';

const TALE: Standing = { isKnown: true, isTouched: false, isCommitted: false, phase: 'over', next: ['nothing'] };
const LEFT = { phase: 'capture', ok: false, durationMs: 1 } as const;
const IN_PLACE = {} as NonNullable<Report['inPlace']>;

function last(temporal: string, report: Partial<Report> | null): Look {
  return {
    ...{ workflowId: 'cutover/test', runId: 'r', temporal, startedAt: '2026-01-01T00:00:00.000Z' },
    ...{
      status: null,
      phase: null,
      awaiting: null,
      pending: [],
      cancelRequested: false,
      wasReset: false,
      workers: null,
    },
    report: report === null ? null : { ...REPORT, ...report },
  };
}

it.each<[string, Look, Partial<Standing>, string | null]>([
  ['one that is under way: Temporal refuses the second', last('RUNNING', null), { isTouched: true }, null],
  ['one that was undone', last('FAILED', { outcome: 'undone' }), { isTouched: true }, null],
  ['one that was terminated and left nothing', last('TERMINATED', null), {}, null],
  ['one that was terminated and left something', last('TERMINATED', null), { isTouched: true }, 'CUTOVER_RUNNING'],
  ['one that was terminated where nobody knows', last('TERMINATED', null), { isKnown: false }, 'CUTOVER_RUNNING'],
  [
    'one that was terminated, and finished by `repair`',
    last('TERMINATED', null),
    { isTouched: true, isCommitted: true, isFinalized: true },
    'CHECK_FAILED',
  ],
  ['an undo that is not done', last('FAILED', { undone: [LEFT] }), { isTouched: true }, 'CUTOVER_RUNNING'],
  ['one that completed, of a blue that says so', last('COMPLETED', {}), { isCommitted: true }, 'CHECK_FAILED'],
  ['one that completed, of another blue of that name', last('COMPLETED', {}), {}, null],
  ['one that completed, where blue does not answer here', last('COMPLETED', {}), { isKnown: false }, null],
  ['a rehearsal', last('COMPLETED', { outcome: 'rehearsed' }), { isCommitted: true }, null],
  ['a step in place', last('COMPLETED', { inPlace: IN_PLACE }), { isCommitted: true }, null],
])('a start does or does not hide %s', (_title, look, tale, code) => {
  const why = mayBeHidden(look) ? whyHidden(look, { ...TALE, ...tale }) : undefined;
  expect(why?.code ?? null).toBe(code);
  if (why !== undefined) expect(why.message).toContain('Nothing was started');
});
