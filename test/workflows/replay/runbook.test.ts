import { IN_PLACE } from '../../../domain/in-place/runbook';
import { type Mode } from '../../../domain/runbook';
import { COPY_UPGRADE } from '../../../domain/runbooks/copy-upgrade';
import { type PhaseRow, type Runbook, waysBack } from '../../../domain/runbooks/phase-row';
import { readHistories } from './histories';

interface Event {
  readonly upsertWorkflowSearchAttributesEventAttributes?: {
    readonly searchAttributes: { readonly indexedFields: Readonly<Record<string, { readonly data: string }>> };
  };
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string } };
}

interface Went {
  readonly run: string;
  readonly mode: Mode;
  /** Which runbook it follows. */
  readonly book: 'copy' | 'in place';
  /** Phases in the order in which they were entered, forwards and back, with the steps that were called there. */
  readonly phases: readonly { readonly name: string; readonly steps: readonly string[] }[];
}

const BOOKS: Readonly<Record<Went['book'], Runbook<string>>> = { copy: COPY_UPGRADE, 'in place': IN_PLACE };
/** Called beside any phase: nothing waits for them. */
const ASIDES = ['tell', 'keepReport', 'isCommitted'];

const decoded = (data: string): unknown => JSON.parse(Buffer.from(data, 'base64').toString());

/** What the workflow really did, as Temporal recorded it: each run says in which phase it is before it calls a step. */
function read({ name, json }: { readonly name: string; readonly json: string }): Went {
  const { events } = JSON.parse(json) as { readonly events: readonly Event[] };
  const phases: { name: string; steps: string[] }[] = [];
  let mode: Mode = 'real';
  for (const event of events) {
    const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes.indexedFields ?? {};
    if (fields.CutoverMode !== undefined) mode = decoded(fields.CutoverMode.data) as Mode;
    if (fields.CutoverPhase !== undefined)
      phases.push({ name: decoded(fields.CutoverPhase.data) as string, steps: [] });
    const step = event.activityTaskScheduledEventAttributes?.activityType.name;
    if (step !== undefined && !ASIDES.includes(step)) phases.at(-1)?.steps.push(step);
  }
  return { run: name, mode, book: name.startsWith('in-place') ? 'in place' : 'copy', phases };
}

const went = readHistories().map(read);

/** Forwards as its row says, or the one step back. */
function mayCall({ acts, trials = [], undo }: PhaseRow<string>, mode: Mode): readonly string[] {
  return [...(mode === 'rehearse' ? trials : acts), ...(undo === undefined ? [] : [undo])];
}

describe.each(went)('the recorded run $run', ({ book, mode, phases }) => {
  const rows = BOOKS[book];

  it('goes through phases of its runbook, and calls in each only the steps of its row', () => {
    const strangers = phases.flatMap(({ name, steps }) => {
      const row = rows[name];
      if (row === undefined) return [`phase ${name}`];
      return steps.filter((step) => !mayCall(row, mode).includes(step)).map((step) => `${step} in ${name}`);
    });
    expect(strangers).toEqual([]);
  });
});

describe.each(['copy', 'in place'] as const)('the runbook %s', (book) => {
  const runs = went.filter((run) => run.book === book);
  const called = (name: string, isMeant: (run: Went) => boolean) =>
    new Set(
      runs.filter(isMeant).flatMap((run) => run.phases.flatMap((phase) => (phase.name === name ? phase.steps : []))),
    );

  it.each(Object.entries(BOOKS[book]))(
    'phase %s: every step of its row was called there by a recorded run',
    (name, row) => {
      const real = called(name, ({ mode }) => mode === 'real');
      expect([...real]).toEqual(expect.arrayContaining([...row.acts]));
      const rehearsed = called(name, ({ mode }) => mode === 'rehearse');
      expect([...rehearsed]).toEqual(expect.arrayContaining([...(row.trials ?? [])]));
    },
  );
});

it('a run that fails at its switchover takes every phase back that has a way back, the newest first', () => {
  const failed = went.find(({ run }) => run === 'failed-and-undone');
  const calls = failed?.phases.flatMap(({ steps }) => steps) ?? [];
  expect(calls.slice(calls.lastIndexOf('switchover') + 1)).toEqual(waysBack<string>(COPY_UPGRADE));
});
