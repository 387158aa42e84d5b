import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSameProcessAlive, ownIdentity, processStartTime } from '../../../../scripts/lib/process-identity';

describe('process identity', () => {
  it('knows this process, and says the same each time', () => {
    const identity = ownIdentity();
    expect(identity.pid).toBe(process.pid);
    expect(identity.startTime).toMatch(/\S/);
    expect(ownIdentity()).toEqual(identity);
    expect(isSameProcessAlive(identity)).toBe(true);
  });

  it('tells a process from another one that has its pid', () => {
    expect(isSameProcessAlive({ pid: process.pid, startTime: '1' })).toBe(false);
  });

  it('calls a process gone once it was killed, while it still is a zombie too', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const identity = { pid, startTime: processStartTime(pid) ?? '' };
    expect(isSameProcessAlive(identity)).toBe(true);
    const gone = once(child, 'exit');
    process.kill(pid, 'SIGKILL');
    // Node reaps in its event loop, which does not turn here: until then the process is a zombie.
    while (isSameProcessAlive(identity));
    expect(processStartTime(pid)).toBeUndefined();
    await gone;
    expect(isSameProcessAlive(identity)).toBe(false);
  });

  it('reads the start time of a program whose name holds spaces and parentheses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'identity-'));
    const program = join(folder, 'a) R 1 (b');
    copyFileSync('/bin/sleep', program);
    const child = spawn(program, ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    expect(processStartTime(child.pid ?? 0)).toMatch(/^\d+$|^\w{3} /);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true });
  });

  it('knows nothing of a pid that no process has', () => {
    expect(processStartTime(0)).toBeUndefined();
    expect(processStartTime(2 ** 30)).toBeUndefined();
  });
});
