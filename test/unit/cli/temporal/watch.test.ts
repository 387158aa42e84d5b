import { PassThrough } from 'node:stream';
import { createLogger } from '../../../../config/logger';
import { type CliContext } from '../../../../cli/context';
import { type CutoverSession } from '../../../../cli/temporal/cutover-session';
import { type Look } from '../../../../cli/temporal/look';
import { watch } from '../../../../cli/temporal/watch';
import { leaveScreen, waitWatcherOf, watcherOf } from '../../../../cli/temporal/watchers';

const LOOK: Look = {
  ...{ workflowId: 'cutover/test', runId: 'r', temporal: 'RUNNING', startedAt: '2026-01-01T00:00:00.000Z' },
  ...{ status: null, report: null, phase: 'restore', awaiting: null, pending: [], cancelRequested: false },
  ...{ wasReset: false, workers: null },
};

function stage(terminal: object = {}, env: NodeJS.ProcessEnv = {}) {
  const [stdout, stderr] = [Object.assign(new PassThrough(), terminal), new PassThrough()];
  const logger = createLogger({ level: 'silent', destination: stderr });
  const context: CliContext = { stdout, stderr, env, cwd: '/', logger };
  const said = (stream: PassThrough) => String(stream.read() ?? '');
  return { context, stdout, out: () => said(stdout), err: () => said(stderr) };
}

it('knows when nobody reads any more, so that a watch does not go on for ever', () => {
  const { context, stdout, out } = stage();
  const watcher = watcherOf(context, { json: false });
  watcher.show(LOOK);
  expect(watcher.isHeard()).toBe(true);
  expect(out()).toContain('cutover/test: running');
  stdout.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }));
  expect(watcher.isHeard()).toBe(false);
});

it('prints a line once, and again when it has become so again', () => {
  const { context, out } = stage();
  const { show } = watcherOf(context, { json: false });
  for (const cancelRequested of [false, false, true, false]) show({ ...LOOK, cancelRequested });
  const heads = out()
    .split('\n')
    .filter((line) => line.startsWith('cutover/test'));
  expect(heads).toEqual(['cutover/test: running', 'cutover/test: running, cancel requested', 'cutover/test: running']);
});

it('with --json is an object in each line, one for each change, and leaves the end to the result', () => {
  const { context, out } = stage();
  const { show } = watcherOf(context, { json: true });
  show(LOOK);
  show(LOOK);
  show({ ...LOOK, phase: 'migrate' });
  show({ ...LOOK, temporal: 'COMPLETED' });
  const lines = out().trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as Look).phase)).toEqual(['restore', 'migrate']);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ schemaVersion: 1, verb: 'status', temporal: 'RUNNING' });
});

describe('on a terminal', () => {
  const TERMINAL = { isTTY: true, columns: 40, rows: 12 };

  it('draws one screen over the last one, and begins anew when the window changes', () => {
    const { context, stdout, out } = stage(TERMINAL);
    const watcher = watcherOf(context, { json: false });
    watcher.show(LOOK);
    const first = out();
    expect(first.startsWith('\u001B[2J\u001B[H')).toBe(true);
    expect(first.split('\n').length).toBeLessThanOrEqual(12);
    watcher.show({ ...LOOK, phase: 'migrate' });
    expect(out().startsWith('\u001B[Hcutover/test')).toBe(true);
    Object.assign(stdout, { columns: 80 });
    watcher.show(LOOK);
    expect(out().startsWith('\u001B[2J')).toBe(true);
    leaveScreen(context, watcher);
    expect(out()).toBe('\u001B[2J\u001B[H');
  });

  it.each([
    ['a pipe', {}, {}],
    ['a dumb terminal', TERMINAL, { TERM: 'dumb' }],
    ['a terminal of no size', { isTTY: true, columns: 0, rows: 0 }, {}],
  ])('but not on %s, where lines are', (_title, terminal, env) => {
    const { context, out } = stage(terminal, env);
    const watcher = watcherOf(context, { json: false });
    watcher.show(LOOK);
    expect(watcher.isScreen).toBe(false);
    expect(out()).not.toContain('\u001B');
  });
});

it('keeps stdout for the result of a wait with --json', () => {
  const { context, out, err } = stage({ isTTY: true, columns: 80, rows: 24 });
  waitWatcherOf(context, { json: true }).show(LOOK);
  expect(out()).toBe('');
  expect(err()).toContain('cutover/test: running');
});

it('stops when its time is up, with a fault that says that all goes on', async () => {
  const describe = () =>
    Promise.resolve({
      raw: {},
      typedSearchAttributes: { getAll: () => [] },
      ...{ status: { name: 'RUNNING' }, runId: 'r', startTime: new Date(0) },
    });
  const refuse = () => Promise.reject(new Error('no worker'));
  const session = {
    ...{ workflowId: 'cutover/test', taskQueue: 'q', answerTimeoutMs: 1, handle: { describe } },
    ...{ connection: { withDeadline: refuse }, client: {} },
  } as unknown as CutoverSession;
  const { context } = stage();
  const { end, fault } = await watch(session, watcherOf(context, { json: false }), {
    stopAtIntervene: true,
    timeoutMs: 20,
  });
  expect(end.temporal).toBe('RUNNING');
  expect(fault).toMatchObject({ code: 'WAIT_TIMEOUT', exitCode: 6 });
  expect(fault?.message).toContain('was not over within 0.02 s (--timeout)');
});
