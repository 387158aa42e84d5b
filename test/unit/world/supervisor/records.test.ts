import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cleanEnvironment,
  describeLog,
  forgetProcess,
  lastLogLines,
  recordProcess,
  removeWorld,
  worldsDir,
} from '../../../../world/supervisor';
import { thisMachine } from '../../../../world/supervisor/machine';
import { isRecordedProcessAlive, readRecords } from '../../../../world/supervisor/process-record';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'records-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('process records', () => {
  it('know this process by pid and start time', () => {
    recordProcess(dir, 'me', process.pid, { stopSignal: 'SIGINT' });
    const [record] = readRecords(dir);
    expect(record).toMatchObject({ name: 'me', pid: process.pid, stopSignal: 'SIGINT', machine: thisMachine() });
    expect(record && isRecordedProcessAlive(record)).toBe(true);
    expect(record && isRecordedProcessAlive({ ...record, startTime: '1' })).toBe(false);
    const elsewhere = { ...thisMachine(), bootId: 'an earlier boot' };
    expect(record && isRecordedProcessAlive({ ...record, machine: elsewhere })).toBe(false);
  });

  it('are private, replaced by a second record of the name, and can be forgotten twice', () => {
    recordProcess(dir, 'me', process.pid);
    recordProcess(dir, 'me', process.pid);
    expect(readdirSync(join(dir, 'processes'))).toEqual(['me.json']);
    expect(statSync(join(dir, 'processes', 'me.json')).mode & 0o777).toBe(0o600);
    forgetProcess(dir, 'me');
    forgetProcess(dir, 'me');
    expect(readRecords(dir)).toEqual([]);
  });

  it('are not made of a process that is gone', () => {
    recordProcess(dir, 'gone', 2 ** 22 + 1);
    expect(readRecords(dir)).toEqual([]);
  });

  it('refuse a name that is a path', () => {
    expect(() => recordProcess(dir, '../../etc/cron.d/x', process.pid)).toThrow(/cannot be a file name/);
  });

  it('that are damaged or half written are passed over', () => {
    recordProcess(dir, 'good', process.pid);
    for (const [name, text] of [
      ['half.json', '{"name":"half","pi'],
      ['empty.json', ''],
      ['wrong.json', '{"name":"wrong","pid":-1,"startTime":"1"}'],
      ['other.ready', '{}'],
    ] as const) {
      writeFileSync(join(dir, 'processes', name), text);
    }
    expect(readRecords(dir).map((record) => record.name)).toEqual(['good']);
  });
});

describe('removal of a world', () => {
  const own = ['data', 'processes', 'logs'];

  it('removes what a world made and nothing else', () => {
    for (const name of own) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'supervisor.json'), '{}');
    writeFileSync(join(dir, 'notes.txt'), 'mine');
    removeWorld(dir);
    expect(readdirSync(dir)).toEqual(['notes.txt']);
    removeWorld(dir);
  });

  it('removes the folder when nothing else is in it, and keeps the logs when asked to', () => {
    for (const name of own) mkdirSync(join(dir, name));
    removeWorld(dir, { keepLogs: true });
    expect(readdirSync(dir)).toEqual(['logs']);
    removeWorld(dir);
    expect(existsSync(dir)).toBe(false);
    expect(() => removeWorld(dir)).not.toThrow();
  });
});

describe('log tail', () => {
  it('gives the last lines of a long log', () => {
    const file = join(dir, 'x.log');
    writeFileSync(file, Array.from({ length: 5_000 }, (_, index) => `line ${index} é`).join('\n'));
    expect(lastLogLines(file, 2)).toEqual(['line 4998 é', 'line 4999 é']);
    expect(readFileSync(file, 'utf8')).toContain('line 0');
  });

  it('says that there is no log', () => {
    expect(lastLogLines(join(dir, 'none.log'))).toEqual([]);
    expect(describeLog(join(dir, 'none.log'))).toContain('wrote nothing');
  });
});

describe('surroundings', () => {
  it('put worlds where the caller says, else into the state folder of the user', () => {
    expect(worldsDir({ HYDRA_CUTOVER_WORLDS: '/x/../y' })).toBe('/y');
    const root = process.getuid?.() === 0;
    const expected = root ? '/var/lib/hydra-cutover/worlds' : '/s/hydra-cutover/worlds';
    expect(worldsDir({ XDG_STATE_HOME: '/s' })).toBe(expected);
  });

  it('hand on what every program needs and nothing that would set it up', () => {
    const shell = { PATH: '/bin', DSN: 'postgres://production', SECRETS_SYSTEM: 'real', PGHOST: 'production' };
    expect(cleanEnvironment({ DSN: 'mine' }, shell)).toEqual({ PATH: '/bin', DSN: 'mine' });
  });
});
