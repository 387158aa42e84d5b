import { PassThrough, Readable } from 'node:stream';
import { createLogger } from '../../../../config/logger';
import { type CliContext } from '../../../../cli/context';
import { type Look } from '../../../../cli/temporal/look';
import { confirm } from '../../../../cli/temporal/run-decide';
import { type CutoverStatus } from '../../../../domain/runbook';

const QUESTION = 'cutover-2-9c1e04ab';
const STATUS = {
  ...{ cutoverId: 'c', environment: 'test', mode: 'real', startedBy: 'alice', phase: 'cutover', undoing: false },
  ...{ phases: [], decisions: [], ignored: [], committed: false, plan: null, report: null },
  awaiting: {
    ...{ gate: 'cutover', question: QUESTION, decisions: ['approve', 'reject'], why: 'Read the evidence.' },
    ...{ since: '2026-01-01T00:00:00.000Z', deadline: null },
    evidence: {
      ...{ title: 'May the writes move?', verdict: { state: 'bad', text: 'look first.', reasons: ['one'] } },
      ...{ facts: [{ label: 'way back', value: 'none' }], blocks: [] },
    },
  },
} as unknown as CutoverStatus;

function seen(status: CutoverStatus | null): Look {
  return {
    ...{ workflowId: 'cutover/test', runId: 'r', temporal: 'RUNNING', startedAt: '2026-01-01T00:00:00.000Z' },
    ...{ status, report: null, phase: 'cutover', awaiting: 'cutover', pending: [], cancelRequested: false },
    ...{ wasReset: false, workers: null },
  };
}

function terminal(...typed: readonly string[]) {
  const stderr = new PassThrough();
  const context: CliContext = {
    ...{ stdout: new PassThrough(), stderr, env: {}, cwd: '/', terminal: Readable.from(typed) },
    logger: createLogger({ level: 'silent', destination: stderr }),
  };
  return { context, shown: () => String(stderr.read() ?? '') };
}

it('shows the evidence on a terminal and asks for the id of its question', async () => {
  const { context, shown } = terminal(`${QUESTION}\n`);
  await confirm(seen(STATUS), { json: false }, context);
  expect(shown()).toMatch(/May the writes move\?[^]*Type the id of the question to approve: $/);
});

it.each([
  ['a yes', ['yes\n'], STATUS, QUESTION],
  ['the id of another question', ['cutover-1-9c1e04ab\n'], STATUS, QUESTION],
  ['an empty line', ['\n'], STATUS, QUESTION],
  ['a terminal that is closed', [], STATUS, QUESTION],
  ['an empty line where no worker told a question', ['\n'], null, 'a question that is open'],
])('takes %s for no approval', async (_what, typed, status, said) => {
  await expect(confirm(seen(status), { json: false }, terminal(...typed).context)).rejects.toMatchObject({
    ...{ code: 'DECISION_INVALID', message: `that is not ${said}; nothing was sent` },
  });
});

it('asks nobody where nobody can answer, and wants the id on the command line', async () => {
  const { context } = terminal();
  for (const [json, where] of [
    [false, { ...context, terminal: undefined }],
    [true, context],
  ] as const) {
    await expect(confirm(seen(STATUS), { json }, where)).rejects.toMatchObject({
      ...{ code: 'DECISION_INVALID', message: expect.stringContaining('only with --question ID') as string },
    });
  }
});
