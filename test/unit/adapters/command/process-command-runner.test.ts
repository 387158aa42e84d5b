import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandSpec, ProcessCommandRunner } from '../../../../adapters/command/process-command-runner';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'command-'))));
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

type OnLine = (line: string) => void;

function runner(argv: readonly string[], changes: Partial<CommandSpec> = {}, onLine?: OnLine, killGraceMs = 200) {
  const migrate = {
    path: 'green.commands.migrate',
    argv,
    env: {},
    secretEnv: {},
    timeoutMs: 60_000,
    workingDirectory: folder,
    ...changes,
  };
  const listen = onLine && { onLine: (_: string, line: string) => onLine(line) };
  return new ProcessCommandRunner({ commands: { migrate }, killGraceMs, ...listen });
}

const shell = (script: string, changes: Partial<CommandSpec> = {}, onLine?: OnLine) =>
  runner(['sh', '-c', script], changes, onLine);
const node = (script: string, changes: Partial<CommandSpec> = {}, onLine?: OnLine) =>
  runner([process.execPath, '-e', script], changes, onLine);

/** Not even as an orphan that nobody collected yet. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Aborts when the command has printed so many numbers, and tells them. */
function pidsThenAbort(count: number, reason: Error) {
  const stop = new AbortController();
  const pids: number[] = [];
  const onLine = (line: string) => {
    pids.push(Number(line));
    if (pids.length === count) stop.abort(reason);
  };
  return { pids, signal: stop.signal, onLine };
}

const LIMIT_MS = 3_600_000;

/** @returns what lets {@link LIMIT_MS} be over: only the test knows when a slow machine has come so far */
function timeLimit(): () => void {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  return () => timers.mock.calls.find(([, ms]) => ms === LIMIT_MS)?.[0]();
}

describe('a command that runs to its end', () => {
  it('gives its code and its standard output, and tells the lines of both streams as they come', async () => {
    const lines: string[] = [];
    const command = shell('echo one; echo two >&2; printf three; exit 7', {}, (line) => lines.push(line));
    const result = await command.run('migrate', {});
    expect(result).toMatchObject({ exitCode: 7, stdout: 'one\nthree\n', causeLines: [], lineCount: 3 });
    expect([...lines].sort()).toEqual(['one', 'three', 'two']);
  });

  it('sees what it is given and PATH and HOME, and nothing else of the worker', async () => {
    process.env['HYDRA_TEST_INHERITED'] = 'x';
    const command = node('console.log(Object.keys(process.env).sort().join())', {
      env: { PLAIN: '1' },
      secretEnv: { HIDDEN: () => 's3cret' },
    });
    const { stdout } = await command.run('migrate', { env: { DSN: 'postgres://x' } });
    delete process.env['HYDRA_TEST_INHERITED'];
    expect(
      stdout
        .trim()
        .split(',')
        .filter((name) => name !== 'HOME'),
    ).toEqual(['DSN', 'HIDDEN', 'PATH', 'PLAIN']);
  });

  it('is not run by a shell', async () => {
    const { stdout } = await runner(['echo', '$HOME; rm -rf', '`id`']).run('migrate', {});
    expect(stdout).toBe('$HOME; rm -rf `id`\n');
  });

  it('does not wait for a server that it started and that keeps its output open', async () => {
    const { stdout, exitCode } = await shell('sleep 60 & echo $!').run('migrate', {});
    const pid = Number(stdout);
    expect(exitCode).toBe(0);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});

describe('secrets', () => {
  it('are replaced in every line, result and fault, the password of an address too', async () => {
    const lines: string[] = [];
    const secretEnv = { SYSTEM: () => 'system-secret', KEY: () => 'first line\nsecond line' };
    const timeIsUp = timeLimit();
    const script = 'echo "error: $SYSTEM b $DSN"; echo "error: p%40ss is p@ss"; echo "$KEY"; sleep 60';
    const command = shell(script, { secretEnv, timeoutMs: LIMIT_MS }, (line) => {
      if (lines.push(line) === 4) timeIsUp();
    });
    const failed = command.run('migrate', { env: { DSN: 'postgres://role:p%40ss@host/db' } });
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining('[redacted]') as string });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringMatching(/system-secret|p@ss/) as string });
    expect(lines).toEqual([
      'error: [redacted] b [redacted]',
      'error: [redacted] is [redacted]',
      '[redacted]',
      '[redacted]',
    ]);
  });

  it('are found where a write or a very long line cuts them in two', async () => {
    const secret = 'x'.repeat(10) + 'needle' + 'y'.repeat(10);
    const script = `
      const s = process.env.S, half = s.length / 2;
      process.stdout.write('z'.repeat(20000) + s.slice(0, half));
      setTimeout(() => process.stdout.write(s.slice(half) + 'z'.repeat(40000) + s), 100);`;
    const { stdout } = await node(script, { secretEnv: { S: () => secret } }).run('migrate', {});
    expect(stdout).not.toContain('needle');
    expect(stdout.match(/\[redacted\]/g)).toHaveLength(2);
  });
});

describe('output without an end', () => {
  it('is streamed and not kept, with or without line breaks', async () => {
    const lines: number[] = [];
    const script = `
      const text = Buffer.alloc(1 << 20, 'a');
      let left = 64;
      const next = () => left-- > 0 ? process.stdout.write(text, next) : process.stderr.write('the end\\n');
      next();`;
    const command = node(script, {}, (line) => lines.push(line.length));
    const { stdout, causeLines } = await command.run('migrate', {});
    // In pieces of 16 KiB, each shortened.
    expect(lines.length).toBeGreaterThan((64 << 20) / 16_384);
    expect(Math.max(...lines)).toBeLessThan(1_100);
    expect(stdout.length).toBeLessThanOrEqual(1 << 20);
    expect(causeLines).toEqual([]);
  });
});

describe('a command that is ended', () => {
  it('is gone with its children when it is cancelled, though all of them ignore SIGTERM', async () => {
    const reason = new Error('cancelled');
    const { pids, signal, onLine } = pidsThenAbort(2, reason);
    const stubborn = `trap "" TERM; sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & echo $$; wait; sleep 60`;
    await expect(shell(stubborn, {}, onLine).run('migrate', { signal })).rejects.toBe(reason);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is not considered gone while a child of it lives on', async () => {
    const reason = new Error('cancelled');
    const { pids, signal, onLine } = pidsThenAbort(2, reason);
    // The leader ends at once, its child does not.
    const script = `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & echo $$; wait`;
    await expect(shell(script, {}, onLine).run('migrate', { signal })).rejects.toBe(reason);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('may clean up on SIGTERM', async () => {
    const lines: string[] = [];
    const stop = new AbortController();
    const onLine = (line: string) => {
      lines.push(line);
      stop.abort();
    };
    const script = 'trap "echo cleaned; exit" TERM; echo up; while :; do sleep 0.05; done';
    const command = runner(['sh', '-c', script], {}, onLine, 30_000);
    await expect(command.run('migrate', { signal: stop.signal })).rejects.toThrow();
    expect(lines[0]).toBe('up');
    expect(lines).toContain('cleaned'); // a shell may also say that its `sleep` was terminated
  });

  it('says that it took too long, how to allow more, and what it said that names a cause', async () => {
    const command = shell('echo waiting failed; sleep 60', { timeoutMs: LIMIT_MS }, timeLimit());
    await expect(command.run('migrate', {})).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(
        /longer than 3600000 ms.*green\.commands\.migrate\.timeoutMs.*waiting failed/,
      ) as string,
    });
  });

  it('passes on what its reader throws, and is gone', async () => {
    const pids: number[] = [];
    const broken = new Error('reader');
    const onLine = (line: string) => {
      pids.push(Number(line));
      throw broken;
    };
    await expect(shell('echo $$; sleep 60', {}, onLine).run('migrate', {})).rejects.toBe(broken);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is not started for a signal that is aborted already', async () => {
    const reason = new Error('before');
    const failed = shell('touch started').run('migrate', { signal: AbortSignal.abort(reason) });
    await expect(failed).rejects.toBe(reason);
    expect(await shell('ls').run('migrate', {})).toMatchObject({ stdout: '' });
  });
});

describe('a command that cannot be started', () => {
  it.each([
    ['no such program', ['no-such-program'], {}, 'is in no folder of PATH'],
    ['no such file', ['./missing'], {}, 'does not exist'],
    ['not executable', ['./plain'], {}, 'is not executable'],
    ['no such folder', ['true'], { workingDirectory: '/no/such/folder' }, 'working directory'],
    ['a folder for a program', ['./'], {}, 'does not exist'],
  ])('is told as such: %s', async (_case, argv, changes, text) => {
    writeFileSync(join(folder, 'plain'), '#!/bin/sh\n');
    chmodSync(join(folder, 'plain'), 0o644);
    await expect(runner(argv, changes).run('migrate', {})).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(new RegExp(`${text}.*correct green\\.commands\\.migrate`)) as string,
    });
  });

  it('is told without running it', async () => {
    const command = shell('touch started');
    expect(await command.problem('migrate')).toBeUndefined();
    expect(await command.problem('startGreen')).toBe('the config has no such command');
    expect([command.has('migrate'), command.has('startGreen')]).toEqual([true, false]);
    expect(await shell('ls').run('migrate', {})).toMatchObject({ stdout: '' });
  });
});
