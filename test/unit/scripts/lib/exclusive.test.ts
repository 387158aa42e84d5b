import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exclusively } from '../../../../scripts/lib/exclusive';
import { ownIdentity } from '../../../../scripts/lib/process-identity';
import { SOON, until } from '../../../support/until';

const CHILD = join(__dirname, 'hold-lock.js');
const PROCESSES = 20;
/** So many starts of Node.js take long where they share a slow core. */
jest.setTimeout(180_000);

let folder = '';
let lockFile = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exclusive-'));
  lockFile = join(folder, 'nested', 'the.lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A process that holds the lock until it is killed. */
async function startHolder(): Promise<ChildProcess> {
  const child = start('stay', lockFile);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const files = () => readdirSync(join(folder, 'nested'));

describe('exclusively', () => {
  it('returns what the work returns and leaves no file behind', async () => {
    await expect(exclusively(lockFile, () => 42)).resolves.toBe(42);
    expect(files()).toEqual([]);
  });

  it('gives the lock back when the work throws', async () => {
    await expect(exclusively(lockFile, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(files()).toEqual([]);
  });

  it('lets two calls of one process run one after the other', async () => {
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
    };
    await Promise.all([exclusively(lockFile, work('a')), exclusively(lockFile, work('b'))]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('makes a second process wait, and tells it once who holds the lock', async () => {
    const holder = await startHolder();
    const told: number[] = [];
    const waiting = exclusively(lockFile, () => 'mine', {
      onWait: (pid) => {
        told.push(pid);
        holder.kill('SIGKILL');
      },
    });
    await expect(waiting).resolves.toBe('mine');
    expect(told).toEqual([holder.pid]);
    await (holder.exitCode === null && holder.signalCode === null ? once(holder, 'exit') : undefined);
  });

  it('takes over the lock of a holder that was killed with kill -9', async () => {
    const holder = await startHolder();
    await kill(holder);
    expect(existsSync(lockFile)).toBe(true);
    await expect(exclusively(lockFile, () => 'mine')).resolves.toBe('mine');
    expect(files()).toEqual([]);
  });

  it('loses no increment when many processes count under a lock that a dead process left', async () => {
    const holder = await startHolder();
    await kill(holder);
    const counter = join(folder, 'counter');
    writeFileSync(counter, '0');
    const children = Array.from({ length: PROCESSES }, () => start('count', lockFile, counter, '3'));
    const codes = await Promise.all(children.map(async (child) => ((await once(child, 'exit')) as [number])[0]));
    expect(codes).toEqual(Array.from({ length: PROCESSES }, () => 0));
    expect(readFileSync(counter, 'utf8')).toBe(String(PROCESSES * 3));
    expect(files()).toEqual([]);
  });

  it('loses no increment when waiters are killed while they count', async () => {
    const counter = join(folder, 'counter');
    const done = join(folder, 'done');
    writeFileSync(counter, '0');
    writeFileSync(done, '0');
    const victims = Array.from({ length: 6 }, () => start('count', lockFile, done, 'Infinity'));
    const children = Array.from({ length: 6 }, () => start('count', lockFile, counter, '2'));
    for (const victim of victims) {
      const before = readFileSync(done, 'utf8');
      // Some victim is at it, and the others wait.
      await until('the other goes on', () => readFileSync(done, 'utf8') !== before, SOON);
      await kill(victim);
    }
    const codes = await Promise.all(
      children.map(async (child) => child.exitCode ?? ((await once(child, 'exit')) as [number])[0]),
    );
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('12');
  });

  it.each(['', 'null', '{"pid":"1"}', '{"pid":1'])(
    'takes over a lock whose content a crash of the machine destroyed (%j)',
    async (content) => {
      await exclusively(lockFile, () => undefined);
      writeFileSync(lockFile, content);
      await expect(exclusively(lockFile, () => 'mine')).resolves.toBe('mine');
      expect(files()).toEqual([]);
    },
  );

  it('does not remove a live lock for a waiter that is late to find the former holder dead', async () => {
    const holder = await startHolder();
    const dead = JSON.parse(readFileSync(lockFile, 'utf8')) as { pid: number; startTime: string };
    await kill(holder);
    // Another waiter has the right to remove it and was killed before it did: its right must be taken over first.
    const other = await startHolderOf(join(folder, 'nested', 'other.lock'));
    const certificate = `${lockFile}.dead-${dead.pid}-${dead.startTime}`;
    linkSync(join(folder, 'nested', 'other.lock'), certificate);
    await kill(other);
    const results = await Promise.all([1, 2, 3].map((n) => exclusively(lockFile, () => n)));
    expect(results).toEqual([1, 2, 3]);
    expect(files().filter((name) => name.startsWith('the.lock'))).toEqual([]);
  });

  it('removes the drafts of waiters that were killed, and not those of live ones', async () => {
    const holder = await startHolder();
    const identity = readFileSync(lockFile, 'utf8');
    await kill(holder);
    writeFileSync(`${lockFile}.draft-dead`, identity);
    writeFileSync(`${lockFile}.draft-live`, JSON.stringify(ownIdentity()));
    await exclusively(lockFile, () => undefined);
    expect(files()).toEqual(['the.lock.draft-live']);
  });

  it('leaves the lock of another process alone when its own file was removed by hand', async () => {
    const foreign = JSON.stringify({ ...ownIdentity(), pid: 1 });
    await exclusively(lockFile, () => {
      rmSync(lockFile);
      writeFileSync(lockFile, foreign);
    });
    expect(readFileSync(lockFile, 'utf8')).toBe(foreign);
  });

  it('fails at once and leaves nothing when the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(exclusively(join(folder, 'file', 'x.lock'), () => undefined)).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});

async function startHolderOf(file: string): Promise<ChildProcess> {
  const child = start('stay', file);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}
