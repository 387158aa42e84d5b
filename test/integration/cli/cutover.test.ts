import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { configDigest } from '../../../config/digest';
import { loadConfig } from '../../../config/load';
import { type News } from '../../../domain/asides';
import { COMMITTED_SIGNAL } from '../../../domain/commit-word';
import { SCHEDULE_ACTIONS } from '../../../cli/temporal/run-schedule';
import { freePort } from '../../../world/net/free-port';
import { cleanEnvironment, typescriptCommand } from '../../../world/supervisor';
import { cliInProcess } from '../../support/cli-in-process';
import { startTemporalDevServer, type TemporalDevServer } from '../../support/temporal-dev-server';
import { runCliInTerminal, runCliProcess, runProgram } from './run-program';
import { until } from '../../support/until';

const TASK_QUEUE = 'cli-test';
/** A worker that is there answers, however busy the machine is. */
const ANSWER_MS = 60_000;
/** For verbs that nobody answers: they wait as long as this. */
const HASTY = ['--set', 'checks.timeoutMs=2000'] as const;

let folder = '';
let address = '';
let server: TemporalDevServer;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-cli-'));
  server = await startTemporalDevServer();
  address = server.address;
  await startWorker();
});

afterAll(async () => {
  await killWorker();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startWorker(): Promise<void> {
  const { command, args, env } = typescriptCommand('test/integration/cli/fake-worker.ts', [address, TASK_QUEUE]);
  worker = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'inherit'], env: cleanEnvironment(env) });
}

async function killWorker(): Promise<void> {
  if (worker === undefined) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
  worker = undefined;
}

/** A config of an environment of its own. @returns what runs a verb against it */
function environment(name: string, temporal: object = {}) {
  const side = (host: string, version: string) => ({
    hydraVersion: version,
    publicUrl: `http://${host}.test:4444`,
    adminUrl: `http://${host}.test:4445`,
    rdsInstanceId: host,
    database: { host: `${host}-db.test`, name: 'hydra', user: 'master' },
  });
  const file = join(folder, `${name}.json`);
  const config = {
    environment: { name },
    temporal: { address, taskQueue: TASK_QUEUE, ...temporal },
    checks: { timeoutMs: ANSWER_MS },
    blue: side('blue', '1.11.10'),
    green: side('green', '2.3.0'),
  };
  writeFileSync(file, JSON.stringify(config));
  const cli = (...args: string[]) => cliInProcess(args, { env: { HYDRA_CUTOVER_CONFIG: file }, cwd: folder });
  const status = async (...more: readonly string[]) => {
    const { code, stdout } = await cli('status', '--json', ...more);
    return {
      code,
      ...(JSON.parse(stdout) as {
        awaiting: string | null;
        phase: string | null;
        status: { readonly awaiting?: { readonly question: string } | null } | null;
      }),
    };
  };
  const gate = async (wanted: string) => {
    await until(`gate ${wanted}`, async () => (await status()).awaiting === wanted);
  };
  return { cli, status, gate, file };
}

/** The same config as the worker's, where neither a variable nor a file of any secret is to be had. */
function sealed(name: string, more: object = {}) {
  const { cli, gate, file } = environment(name);
  const open = JSON.parse(readFileSync(file, 'utf8')) as Record<'blue' | 'green', { database: object }>;
  const side = (which: 'blue' | 'green', password: string) => ({
    ...open[which],
    database: { ...open[which].database, password },
  });
  const secrets = {
    blue: side('blue', '${env:NOT_HERE}'),
    green: side('green', '${file:/nowhere/password}'),
    webhook: { url: 'https://hook.test', secret: '${file:/nowhere/secret}' },
  };
  const config = join(folder, `${name}-without-secrets.json`);
  writeFileSync(config, JSON.stringify({ ...open, ...secrets, ...more }));
  const poor = (...args: string[]) => cliInProcess([...args, '--config', config], { env: {}, cwd: folder });
  return { cli, gate, poor };
}

/** Ids of the news of a commit that the run asked to be told. */
async function commitsTold(run: WorkflowHandle): Promise<readonly string[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== 'tell') return [];
    const news = JSON.parse(Buffer.from(scheduled.input?.payloads?.[0]?.data ?? []).toString()) as News;
    return news.event === 'committed' ? [news.id] : [];
  });
}

async function runIdOf(workflowId: string): Promise<string | undefined> {
  const connection = await Connection.connect({ address });
  try {
    return (await new Client({ connection }).workflow.getHandle(workflowId).describe()).runId;
  } finally {
    await connection.close();
  }
}

describe('a cutover by the command line', () => {
  it('is not begun with a config that is not the planned one, and not approved for another question', async () => {
    const { cli, gate, file } = environment('changed');
    const digest = configDigest(loadConfig({ env: {}, cwd: folder, file }));
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, gates: { planTimeoutMs: 5_000_000 } }));
    expect(await cli('start', '--config-digest', digest)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^error CHECK_FAILED: the config is not the one that was planned with/) as string,
    });
    expect((await cli('status', ...HASTY)).stderr).toContain('CUTOVER_UNKNOWN');
    writeFileSync(file, JSON.stringify(config));
    expect((await cli('start', '--config-digest', digest)).code).toBe(0);
    await gate('plan');
    expect(await cli('approve', '--gate', 'plan', '--question', 'plan-1-00000000', '--by', 'bob')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('of an earlier time or another run') as string,
    });
    expect((await cli('reject', '--gate', 'plan', '--by', 'bob')).code).toBe(0);
  });

  it('goes on after its worker was killed, and says meanwhile that none answers', async () => {
    const { cli, gate, status } = environment('killed');
    expect(await cli('start', '--by', 'alice')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('cutover/killed') as string,
    });
    await gate('plan');
    expect(await cli('approve', '--gate', 'plan', '--by', 'bob', '--note', 'go')).toEqual({
      code: 0,
      stdout: 'recorded: approve at gate plan by bob\n',
      stderr: '',
    });
    await gate('cutover');
    await killWorker();
    expect(await status(...HASTY)).toMatchObject({ code: 6, status: null, phase: 'cutover', awaiting: 'cutover' });
    expect((await cli('status', ...HASTY)).stdout).toMatch(
      /Task queue cli-test was polled last at 20.*: that worker was killed since/,
    );
    expect(await cli('approve', '--gate', 'cutover', '--by', 'bob', ...HASTY)).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^error NO_WORKER: .*nothing was sent/) as string,
    });
    await startWorker();
    await until('a status', async () => (await status()).status !== null);
    // What was said to be not sent does not count later.
    expect(await status()).toMatchObject({ awaiting: 'cutover', status: { decisions: [{ gate: 'plan' }] } });
    expect(await cli('approve', '--gate', 'cutover', '--by', 'bob')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error DECISION_INVALID: gate cutover is approved only with --question/) as string,
    });
    const { question } = (await status()).status?.awaiting ?? { question: 'unknown' };
    await until(
      'an answer to the approval',
      async () => (await cli('approve', '--gate', 'cutover', '--question', question, '--by', 'bob')).code !== 6,
    );
    await gate('finalize');
    const shown = await cli('status');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('committed, green serves') as string });
    expect(shown.stdout).toMatch(/hydra-cutover approve --gate finalize --question finalize-3-\w{8} --by NAME/);
    expect((await cli('approve', '--gate', 'finalize', '--by', 'bob')).code).toBe(0);
    const end = await cli('status', '--watch');
    expect(end).toMatchObject({ code: 0, stdout: expect.stringContaining('completed') as string });
    const report = await cli('report', '--json');
    expect(JSON.parse(report.stdout)).toMatchObject({
      ok: true,
      report: { outcome: 'completed', startedBy: 'alice' },
    });
  });

  it('gets no worker that should make a version current and has none', async () => {
    const { file } = environment('unversioned');
    const end = await runCliProcess(['worker', '--config', file, '--make-current']);
    expect(end).toMatchObject({ code: 2 });
    expect(end.stderr).toContain('there is no version to make current: add worker.versioning to the config');
  });

  it('without any worker is told so: nobody polls its task queue, and nothing is lost', async () => {
    const { cli } = environment('alone', { taskQueue: 'nobody-is-here' });
    expect((await cli('start', '--by', 'alice', ...HASTY)).code).toBe(0);
    const { code, stdout } = await cli('status', ...HASTY);
    expect(code).toBe(6);
    expect(stdout).toContain('Nobody polls task queue nobody-is-here: start one with `hydra-cutover worker`');
    expect(JSON.parse((await cli('status', '--json', ...HASTY)).stdout)).toMatchObject({
      status: null,
      workers: { taskQueue: 'nobody-is-here', polled: 0, lastPolledAt: null },
    });
  });

  it('that was reset or terminated is asked of the databases too, and a person is called', async () => {
    const { cli, gate, file } = environment('forced');
    await cli('start', '--by', 'alice');
    await gate('plan');
    const connection = await Connection.connect({ address });
    try {
      const { workflow, workflowService } = new Client({ connection });
      const handle = workflow.getHandle('cutover/forced');
      const { runId } = await handle.describe();
      await handle.signal(COMMITTED_SIGNAL, { cutoverId: runId, epoch: 1 });
      await until('the commit to be told', async () => (await commitsTold(handle)).length > 0);
      await workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: 'cutover/forced', runId },
        reason: 'a test',
        requestId: 'reset-1',
        // The first workflow task; the wire format takes a number where the type wants a class of its library.
        workflowTaskFinishEventId: 4 as never,
      });
      await gate('plan');
      // The run that goes on is told of the commit again: it is the same news to whoever hears it.
      expect([await commitsTold(handle), await commitsTold(workflow.getHandle('cutover/forced', runId))]).toEqual(
        Array(2).fill([`${runId}-committed`]),
      );
      const reset = await cli('status', '--json', ...HASTY);
      expect(JSON.parse(reset.stdout)).toMatchObject({
        temporal: 'RUNNING',
        wasReset: true,
        databases: { isKnown: false, writes: expect.stringContaining('unknown') as string },
      });
      // Its own undo knows of less than was done, so cancelling is no way out of it.
      for (const [id, whose] of [
        [runId, `\\(${runId}\\)`],
        ['another', `as cutover ${runId}, not another,`],
      ] as const)
        expect(await cli('repair', '--cutover-id', id, '--by', 'bob')).toMatchObject({
          code: 3,
          stderr: expect.stringMatching(
            `CUTOVER_RUNNING: cutover/forced ${whose} is under way .*was reset.*workflow terminate .*repeat this with cutover ${runId}`,
          ) as string,
        });
      await workflow.getHandle('cutover/forced').terminate('a test');
    } finally {
      await connection.close();
    }
    const named = cliInProcess(['report', '--json', '--config', file, ...HASTY], { env: {}, cwd: folder });
    expect(await named).toMatchObject({
      code: 5,
      // Whether `repair` took it back since, these databases do not tell, and nothing else is claimed.
      stdout: expect.stringMatching(
        /it undid nothing itself, and wrote no report.*By the databases: unknown/,
      ) as string,
    });
    expect((await named).stdout).not.toContain('nothing was undone');
    const { code, stdout } = await cli('status', ...HASTY);
    expect(code).toBe(5);
    expect(stdout).toMatch(/^cutover\/forced: terminated/);
    expect(stdout).toContain("by the databases: unknown: blue's database does not tell");
    // A worker still answers for it, with the gate at which it stood; that is nobody's to answer any more.
    expect(stdout).not.toMatch(/waiting for a person|hydra-cutover approve/);
    expect(JSON.parse((await cli('status', '--json', ...HASTY)).stdout)).toMatchObject({
      awaiting: null,
      status: { phase: 'plan', awaiting: null },
    });
    for (const verb of ['approve', 'reject'])
      for (const way of [[], ['--signal']])
        expect(await cli(verb, '--gate', 'plan', '--by', 'bob', ...way, ...HASTY)).toMatchObject({
          code: 3,
          stderr: expect.stringMatching(/^error GATE_NOT_OPEN: .*ended by force \(TERMINATED\): no decision/) as string,
        });
    const runId = (await runIdOf('cutover/forced')) ?? '';
    expect(await cli('start', ...HASTY)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^error CUTOVER_RUNNING: .*ended by force \(TERMINATED\), and a new one would hide/,
      ) as string,
    });
    expect(await runIdOf('cutover/forced')).toBe(runId);
    // `history` lists it, once Temporal's index of runs has it.
    await until('the run in the history', async () => (await cli('history', ...HASTY)).stdout.includes(runId));
    const never = await cli('report', '--run', runId, ...HASTY);
    expect(never.code).toBe(3);
    expect(never.stderr).toMatch(/^error CHECK_FAILED: .* cutover\/forced was terminated and wrote no report/);
  });

  it('is one at a time, and ends with the exit code of its outcome', async () => {
    const { cli, gate } = environment('rejected');
    const waiting = cli('start', '--by', 'alice', '--wait');
    await until('a status of the hasty', async () => (await cli('status', ...HASTY)).code !== 3);
    await gate('plan');
    expect(await cli('start')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^error CUTOVER_RUNNING: .*started by alice, phase plan/) as string,
    });
    expect(await cli('report')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('still under way') as string,
    });
    expect(await cli('approve', '--gate', 'cutover', '--by', 'bob')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error GATE_NOT_OPEN: gate cutover is not open') as string,
    });
    expect((await cli('reject', '--gate', 'plan', '--by', 'bob', '--note', 'no')).code).toBe(0);
    expect(await waiting).toMatchObject({ code: 4, stdout: expect.stringContaining('GATE_REJECTED') as string });
    expect(await cli('report')).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('bob rejected at gate plan: no') as string,
    });
    expect(await cli('approve', '--gate', 'plan', '--by', 'bob')).toMatchObject({ code: 3 });
    expect(await cli('cancel')).toMatchObject({ code: 0, stdout: expect.stringContaining('already_failed') as string });
  });

  it('is read in a real terminal of 40 columns, and followed on a screen of 12 rows', async () => {
    const { cli, gate, file } = environment('narrow');
    await cli('start');
    await gate('plan');
    const terminal = { columns: 40, rows: 12 };
    const lines = await runCliInTerminal(terminal, ['status', '--config', file]);
    // What is to be copied stands in one line, which the terminal breaks.
    expect(lines.filter((line) => line.length > 40 && !line.startsWith('hydra-cutover '))).toEqual([]);
    expect(lines.join(' ')).toContain('waiting for a person: gate plan');
    const watched = await runCliInTerminal(terminal, ['status', '--watch', '--timeout', '1s', '--config', file]);
    // From where it clears the screen to where it draws over it.
    const screen = watched.join('\n').split('\u001B[2J\u001B[H')[1]?.split('\u001B[H')[0]?.split('\n') ?? [];
    expect(screen.length).toBeLessThanOrEqual(terminal.rows);
    const letters = screen.map((line) => line.replace('\u001B[K', '').replace('\u001B[J', '').length);
    expect(Math.max(...letters)).toBeLessThanOrEqual(terminal.columns);
    expect(screen.join(' ')).toContain('question plan-1-');
    await cli('cancel');
  });

  it('that is cancelled undoes what it did and says so', async () => {
    const { cli, gate } = environment('cancelled');
    await cli('start');
    await gate('plan');
    await cli('approve', '--gate', 'plan', '--by', 'bob', '--signal');
    await gate('cutover');
    expect(await cli('status', '--watch', '--timeout', '1s')).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('was not over within 1 s') as string,
    });
    const asked = await cli('cancel', '--by', 'carol', '--note', 'a deployment came between');
    expect(asked.stdout).toContain('cancel requested; it undoes what was done');
    const watched = await cli('status', '--watch', '--json');
    expect(watched.code).toBe(4);
    const lines = watched.stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown).at(-1)).toMatchObject({
      ok: false,
      report: { outcome: 'cancelled', cancelNote: { by: 'carol', note: 'a deployment came between' } },
    });
    const report = await cli('report');
    expect(report).toMatchObject({ code: 4, stdout: expect.stringMatching(/restore +done/) as string });
    expect(report.stdout).toMatch(/cancel asked by +carol at 20\S+: a deployment came between/);
  });

  it('is looked at and decided by somebody who has no secret of production', async () => {
    const { cli, poor, gate } = sealed('sealed');
    await cli('start');
    await gate('plan');
    expect(await poor('plan')).toMatchObject({ code: 2, stderr: expect.stringContaining('NOT_HERE') as string });
    expect((await poor('status')).stdout).toContain('waiting for a person: gate plan');
    expect((await poor('report')).stderr).toContain('still under way');
    expect((await poor('approve', '--gate', 'plan', '--by', 'bob')).code).toBe(0);
    await gate('cutover');
    expect((await poor('pause', '--by', 'bob')).code).toBe(0);
    expect((await poor('resume', '--by', 'bob')).code).toBe(0);
    expect((await poor('reject', '--gate', 'cutover', '--by', 'bob', '--note', 'no')).code).toBe(0);
    expect((await poor('status', '--watch')).code).toBe(4);
    expect((await poor('report')).stdout).toContain('bob rejected at gate cutover: no');
    expect((await poor('report', '--format', 'html')).stdout).toContain('</html>');
    await until('a history', async () => (await poor('history')).stdout.includes('real: undone'));

    await cli('start');
    await gate('plan');
    expect((await poor('cancel', '--by', 'bob')).stdout).toContain('cancel requested');
    expect(await poor('status', '--watch', '--json')).toMatchObject({ code: 4 });
    expect((await poor('cancel')).stdout).toContain('already_');
  });

  it('rehearses on a schedule of somebody who has no secret of production', async () => {
    const { poor } = sealed('sealed-schedule', { environment: { name: 'sealed-schedule', production: false } });
    const act = async (action: (typeof SCHEDULE_ACTIONS)[number]) =>
      expect([action, await poor('schedule', action)]).toEqual([action, expect.objectContaining({ code: 0 })]);
    for (const action of SCHEDULE_ACTIONS.filter((one) => one !== 'delete')) await act(action);
    await until('the one that was triggered', async () =>
      (await poor('schedule', 'list')).stdout.includes(' rehearsed'),
    );
    await act('delete');
  });

  it.each([['status'], ['cancel'], ['report'], ['approve', '--gate', 'plan', '--by', 'b']])(
    '%s says that there is none',
    async (...args) => {
      expect(await environment('never').cli(...args, ...HASTY)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('error CUTOVER_UNKNOWN') as string,
      });
    },
  );

  it('is not begun when Temporal does not answer', async () => {
    const { cli } = environment('away', { address: `127.0.0.1:${await freePort()}` });
    expect(await cli('start', ...HASTY)).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('error TEMPORAL_UNREACHABLE') as string,
    });
  });
});

describe('the worker', () => {
  it.each([
    ['a namespace that is not there', { namespace: 'elsewhere' }, 3, 'error CHECK_FAILED: Temporal at '],
    ['no server', { address: '127.0.0.1:1' }, 6, 'error TEMPORAL_UNREACHABLE'],
  ])('ends with a clear error on %s', async (_title, temporal, code, message) => {
    const { file } = environment('no-worker', temporal);
    const end = await runProgram('workers/main.ts', ['--config', file]);
    expect(end).toMatchObject({ code, stderr: expect.stringContaining(message) as string });
  });
});
