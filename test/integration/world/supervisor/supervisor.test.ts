import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../../../config/logger';
import { type ProcessDeath, type ProcessSpec, Supervisor } from '../../../../world/supervisor';
import { cleanUp, groupMembers, isAlive, worldsFolder } from './hosts';
import { until } from '../../../support/until';

let supervisor: Supervisor;
let runDir: string;

beforeEach(() => {
  runDir = worldsFolder();
  supervisor = new Supervisor({ runDir, logger: createLogger({ level: 'silent' }) });
});

afterEach(async () => {
  await supervisor.stopAll();
  await cleanUp();
});

function shell(name: string, script: string, rest: Partial<ProcessSpec> = {}): ProcessSpec {
  const ready = () => Promise.resolve(existsSync(join(runDir, `${name}.up`)));
  return { name, command: 'sh', args: ['-c', script], cwd: runDir, ready, readyTimeoutMs: 60_000, ...rest };
}

/** Writes its name on SIGTERM, in the order in which that reaches it. */
const polite = (name: string) =>
  shell(name, `trap 'echo ${name} >> stopped; exit 0' TERM; touch ${name}.up; while :; do sleep 0.05; done`);

describe('start', () => {
  it('records the process before it runs and forgets it when it has ended', async () => {
    const seen = shell('seen', 'cp processes/seen.json copy.json; touch seen.up; sleep 60');
    const running = await supervisor.start(seen);
    expect(JSON.parse(readFileSync(join(runDir, 'copy.json'), 'utf8'))).toMatchObject({
      name: 'seen',
      pid: running.pid,
    });
    await supervisor.stop('seen');
    expect(readdirSync(join(runDir, 'processes'))).toEqual([]);
    expect(await running.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('does not run a program that could not be recorded', async () => {
    writeFileSync(join(runDir, 'processes'), 'not a folder');
    await expect(supervisor.start(shell('ghost', 'touch ghost.up; sleep 60'))).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(existsSync(join(runDir, 'ghost.up'))).toBe(false);
    expect(supervisor.processes).toEqual([]);
    rmSync(join(runDir, 'processes'));
  });

  it('fails at once, with the last log lines, when the process ends before it is ready', async () => {
    // Whoever waits for the deadline waits for ever.
    const rest = { readyTimeoutMs: 600_000 };
    const failing = shell('failing', 'echo starting; echo "no such database" >&2; exit 3', rest);
    await expect(supervisor.start(failing)).rejects.toMatchObject({
      code: 'PROCESS_DIED',
      message: expect.stringMatching(
        /failing ended with exit code 3 before it was ready[\s\S]*no such database/,
      ) as string,
    });
  });

  it('says that a program does not exist', async () => {
    const missing = { ...shell('missing', ''), command: '/no/such/program' };
    await expect(supervisor.start(missing)).rejects.toMatchObject({
      code: 'PROCESS_DIED',
      message: expect.stringContaining('/no/such/program') as string,
    });
  });

  it('gives up at the deadline with the last log lines and the last refusal, leaving nothing', async () => {
    let hasSpoken = false;
    const ready = () => {
      hasSpoken ||= readFileSync(join(runDir, 'logs', 'slow.log'), 'utf8').includes('still loading');
      return Promise.reject(new Error('connection refused'));
    };
    // As short as this machine lets the program say something and be asked behind that.
    let readyTimeoutMs = 300;
    const start = () => supervisor.start(shell('slow', 'echo still loading; sleep 60', { ready, readyTimeoutMs }));
    let refusal: unknown = await start().catch((error: unknown) => error);
    while (!hasSpoken) {
      readyTimeoutMs *= 3;
      refusal = await start().catch((error: unknown) => error);
    }
    const told = new RegExp(`${readyTimeoutMs} ms \\(last attempt: connection refused\\)[\\s\\S]*still loading`);
    expect(refusal).toMatchObject({ code: 'PROCESS_NOT_READY', message: expect.stringMatching(told) as string });
    expect(supervisor.processes).toEqual([]);
  });

  it('ends when everything is stopped meanwhile', async () => {
    const waiting = supervisor.start(shell('waiting', 'sleep 60'));
    const outcome = waiting.catch((error: unknown) => error);
    await supervisor.stopAll();
    expect(await outcome).toMatchObject({ code: 'PROCESS_DIED' });
    await expect(supervisor.start(polite('late'))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuses a second process of the same name', async () => {
    await supervisor.start(polite('one'));
    await expect(supervisor.start(polite('one'))).rejects.toMatchObject({ code: 'INTERNAL' });
    await supervisor.stopAll();
  });
});

describe('stop', () => {
  it('stops in reverse order, one after the other', async () => {
    for (const name of ['first', 'second', 'third']) await supervisor.start(polite(name));
    await supervisor.stopAll();
    expect(readFileSync(join(runDir, 'stopped'), 'utf8').trim().split('\n')).toEqual(['third', 'second', 'first']);
  });

  it('kills a process that ignores its stop signal, with its whole group', async () => {
    const stubborn = shell('stubborn', `trap '' TERM; sleep 60 & touch stubborn.up; while :; do sleep 1; done`, {
      stopTimeoutMs: 200,
    });
    const running = await supervisor.start(stubborn);
    expect(groupMembers(running.pid).length).toBeGreaterThan(1);
    await supervisor.stopAll();
    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await until('group gone', () => groupMembers(running.pid).length === 0);
  });

  it('takes along what a process left in its group', async () => {
    const parent = await supervisor.start(shell('parent', 'sleep 60 & touch parent.up; wait'));
    await supervisor.stopAll();
    await until('group gone', () => groupMembers(parent.pid).length === 0);
  });

  it('uses the stop signal of the process', async () => {
    const fast = shell('fast', `trap 'echo int >> stopped; exit 0' INT; touch fast.up; while :; do sleep 0.05; done`, {
      stopSignal: 'SIGINT',
    });
    await supervisor.start(fast);
    await supervisor.stopAll();
    expect(readFileSync(join(runDir, 'stopped'), 'utf8')).toBe('int\n');
  });
});

describe('death', () => {
  it('is reported with name, exit code and last log lines, once, and not for a process that was stopped', async () => {
    const deaths: ProcessDeath[] = [];
    supervisor.onDeath((death) => deaths.push(death));
    await supervisor.start(polite('fine'));
    const doomed = await supervisor.start(
      shell('doomed', 'touch doomed.up; while [ ! -f die ]; do sleep 0.02; done; echo "out of memory"; exit 9'),
    );
    writeFileSync(join(runDir, 'die'), '');
    await doomed.exited;
    await until('reported', () => deaths.length > 0);
    await supervisor.stopAll();
    expect(deaths).toMatchObject([{ name: 'doomed', code: 9, signal: null, lastLines: ['out of memory'] }]);
    expect(isAlive(doomed.pid)).toBe(false);
  });

  it('is reported with the signal that killed the process', async () => {
    const deaths: ProcessDeath[] = [];
    supervisor.onDeath((death) => deaths.push(death));
    const shot = await supervisor.start(polite('shot'));
    process.kill(shot.pid, 'SIGKILL');
    await until('reported', () => deaths.length > 0);
    expect(deaths).toMatchObject([{ name: 'shot', code: null, signal: 'SIGKILL' }]);
  });
});
