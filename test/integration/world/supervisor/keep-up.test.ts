import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../../../config/logger';
import {
  breakPart,
  claimRunDir,
  endProcess,
  findWorld,
  type Keeper,
  keepUp,
  mendPart,
  type ProcessSpec,
  readRecords,
  startDetached,
  Supervisor,
} from '../../../../world/supervisor';
import { readBoard } from '../../../../world/supervisor/parts-board';
import { until } from '../../../support/until';
import { cleanUp, isAlive, worldsFolder } from './hosts';

let worlds: string;
let runDir: string;
let supervisor: Supervisor;
let keeper: Keeper;
let said: string[];

afterEach(cleanUp);

/** Everything has ended before the test does. */
function whileUp(body: () => Promise<void>): () => Promise<void> {
  return async () => {
    worlds = worldsFolder();
    ({ runDir } = await claimRunDir({ worlds, keep: false }));
    supervisor = new Supervisor({ runDir, logger: createLogger({ level: 'silent' }) });
    said = [];
    for (const name of ['one', 'two']) await supervisor.start(part(name));
    keeper = keepUp({ supervisor, say: (line) => said.push(line) });
    try {
      await body();
    } finally {
      keeper.close();
      await supervisor.stopAll();
    }
  };
}

/**
 * Ready once it wrote its pid, as a service of the world is. Ends before that while a file `NAME.fails` is there, and leaves
 * `NAME.stale` where it found the ready file of an earlier one.
 */
function part(name: string): ProcessSpec {
  const readyFile = join(runDir, `${name}.ready`);
  return {
    name,
    command: 'sh',
    args: [
      '-c',
      `[ -e ${name}.fails ] && exit 7; [ -e ${name}.ready ] && touch ${name}.stale; echo $$ > ${name}.ready; exec sleep 300`,
    ],
    cwd: runDir,
    readyFile,
    ready: () => Promise.resolve(existsSync(readyFile) && readFileSync(readyFile, 'utf8') !== ''),
    readyTimeoutMs: 60_000,
  };
}

function pidOf(name: string): number | undefined {
  return readRecords(runDir).find((record) => record.name === name && isAlive(record.pid))?.pid;
}

/** @returns the process that was killed */
function kill(name: string): number {
  const pid = pidOf(name);
  if (pid === undefined) throw new Error(`${name} does not run`);
  process.kill(pid, 'SIGKILL');
  return pid;
}

describe('a part of a world that is up', () => {
  it(
    'is started again when it was killed, and is not ready by the file of the one before',
    whileUp(async () => {
      const before = kill('one');
      await until('it runs again', () => said.some((line) => line.startsWith('one runs again')));
      expect(said).toEqual([
        `one (process ${before}) ended with signal SIGKILL`,
        `one runs again (process ${pidOf('one') ?? 0})`,
      ]);
      expect(pidOf('one')).not.toBe(before);
      const written = () => existsSync(join(runDir, 'one.ready')) && readFileSync(join(runDir, 'one.ready'), 'utf8');
      await until('it has looked for that file', () => Number(written()) === pidOf('one'));
      expect(existsSync(join(runDir, 'one.stale'))).toBe(false);
    }),
  );

  it(
    'stays away while it is broken, comes back when it is mended, and both may be said twice',
    whileUp(async () => {
      const before = pidOf('one') ?? 0;
      expect(await breakPart(runDir, 'one')).toBe(true);
      expect(isAlive(before)).toBe(false);
      expect(readBoard(runDir)).toEqual({ one: 'away', two: 'runs' });
      expect(await breakPart(runDir, 'one')).toBe(false);
      await expect(startDetached(part('one'), runDir)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      expect(pidOf('one')).toBeUndefined();
      expect(await mendPart(runDir, 'one')).toBe(true);
      expect(pidOf('one')).toBeGreaterThan(0);
      expect(await mendPart(runDir, 'one')).toBe(false);
      expect(said.filter((line) => line.startsWith('one is away'))).toHaveLength(1);
    }),
  );

  it(
    'is left alone when a step of an upgrade stopped it, until it is mended',
    whileUp(async () => {
      await endProcess(runDir, 'one', 60_000);
      await until('it is known', () => readBoard(runDir)?.['one'] === 'stopped');
      expect(said).toEqual([]);
      expect(await mendPart(runDir, 'one')).toBe(true);
      expect(pidOf('one')).toBeGreaterThan(0);
    }),
  );

  it(
    'is not started again when it is stopped between its death and its restart',
    whileUp(async () => {
      writeFileSync(join(runDir, 'one.fails'), '');
      kill('one');
      await until('it waits for its next try', () => said.some((line) => line.startsWith('one did not start')));
      await endProcess(runDir, 'one', 60_000);
      await until('it is known', () => readBoard(runDir)?.['one'] === 'stopped');
      expect(pidOf('one')).toBeUndefined();
    }),
  );
});

describe('a part that is to be broken', () => {
  it(
    'has to be one of those that there are, which are named',
    whileUp(async () => {
      const message = expect.stringContaining('it has one, two') as string;
      await expect(breakPart(runDir, 'three')).rejects.toMatchObject({ code: 'USAGE', message });
      expect(readBoard(runDir)).toEqual({ one: 'runs', two: 'runs' });
    }),
  );

  it(
    'is one of the world in the folder, or of the newest; without a world that is an error',
    whileUp(async () => {
      expect(findWorld({ worlds })).toBe(runDir);
      expect(findWorld({ worlds: worldsFolder(), dir: runDir })).toBe(runDir);
      const none = worldsFolder();
      expect(() => findWorld({ worlds: none })).toThrow(`no world is up below ${none}`);
      keeper.close();
      expect(() => findWorld({ worlds })).toThrow(`no world is up below ${worlds}`);
      await expect(breakPart(runDir, 'one')).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    }),
  );
});
