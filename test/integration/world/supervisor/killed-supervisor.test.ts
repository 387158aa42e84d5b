import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStartTime } from '../../../../scripts/lib/process-identity';
import { claimRunDir, dataDir, removeWorld } from '../../../../world/supervisor';
import { thisMachine } from '../../../../world/supervisor/machine';
import { readClaim, writeClaim } from '../../../../world/supervisor/run-dir';
import { childrenOf, cleanUp, commandLine, groupMembers, isAlive, killHost, startHost, worldsFolder } from './hosts';
import { until } from '../../../support/until';

afterEach(cleanUp);

const gone = (pids: readonly number[]) => pids.every((pid) => !isAlive(pid) && groupMembers(pid).length === 0);

describe('a supervisor that is killed', () => {
  it('leaves no process and no folder, because the reaper ends what is recorded', async () => {
    const host = await startHost(worldsFolder(), { reluctant: true });
    expect(host.pids.every(isAlive)).toBe(true);
    await killHost(host);
    await until('all children gone', () => gone(host.pids));
    await until('reaper and folder gone', () => !isAlive(host.reaperPid) && !existsSync(host.runDir));
  });

  it('leaves the data when they are to be kept', async () => {
    const host = await startHost(worldsFolder(), { keep: true });
    writeFileSync(join(dataDir(host.runDir), 'precious'), 'x');
    await killHost(host);
    await until('all gone', () => gone([...host.pids, host.reaperPid]));
    expect(existsSync(join(dataDir(host.runDir), 'precious'))).toBe(true);
  });

  it('is cleaned up after by the next start when the reaper was killed too', async () => {
    const worlds = worldsFolder();
    const host = await startHost(worlds);
    await killHost(host, { reaper: true });
    expect(host.pids.every(isAlive)).toBe(true);
    const claimed = await claimRunDir({ worlds, keep: false });
    expect(gone(host.pids)).toBe(true);
    expect(existsSync(host.runDir)).toBe(false);
    expect(claimed.swept).toMatchObject([{ runDir: host.runDir, removed: true, left: [] }]);
    removeWorld(claimed.runDir);
  });

  it('is cleaned up after also in a folder of the user’s choice', async () => {
    const worlds = worldsFolder();
    const dir = join(worldsFolder(), 'mine');
    const host = await startHost(worlds, { dir });
    expect(host.runDir).toBe(dir);
    await killHost(host, { reaper: true });
    const claimed = await claimRunDir({ worlds, keep: false });
    expect(gone(host.pids)).toBe(true);
    expect(existsSync(dir)).toBe(false);
    removeWorld(claimed.runDir);
  });

  it('is taken for dead after a restart of the machine, and for unknown in another pid namespace', async () => {
    const worlds = worldsFolder();
    const rebooted = join(worlds, 'rebooted');
    const container = join(worlds, 'container');
    for (const dir of [rebooted, container]) mkdirSync(join(dir, 'data'), { recursive: true });
    const startTime = processStartTime(process.pid) ?? '';
    const base = { pid: process.pid, startTime, keep: false, claimedAt: new Date().toISOString() };
    writeClaim(rebooted, { ...base, machine: { ...thisMachine(), bootId: 'an earlier boot' } });
    writeClaim(container, { ...base, machine: { ...thisMachine(), pidNamespace: 'pid:[1]' } });
    const claimed = await claimRunDir({ worlds, keep: false });
    expect(existsSync(rebooted)).toBe(false);
    expect(existsSync(dataDir(container))).toBe(true);
    removeWorld(claimed.runDir);
  });
});

describe('a supervisor that lives', () => {
  it('is not touched by another start, and both have folders of their own', async () => {
    const worlds = worldsFolder();
    const [one, two] = await Promise.all([startHost(worlds), startHost(worlds)]);
    expect(one.runDir).not.toBe(two.runDir);
    const third = await claimRunDir({ worlds, keep: false });
    expect(third.swept).toEqual([]);
    expect([...one.pids, ...two.pids].every(isAlive)).toBe(true);
    for (const host of [one, two]) {
      host.child.kill('SIGTERM');
      await once(host.child, 'exit');
    }
    await until('all gone', () => gone([...one.pids, ...two.pids]));
    removeWorld(third.runDir);
  });

  it('keeps its folder against a second world with the same --dir', async () => {
    const worlds = worldsFolder();
    const host = await startHost(worlds, { keep: true });
    await expect(claimRunDir({ worlds, keep: false, dir: host.runDir })).rejects.toMatchObject({
      code: 'WORLD_IN_USE',
      details: { pid: host.pid },
    });
    await killHost(host);
    await until('all gone', () => gone([...host.pids, host.reaperPid]));
  });

  it('gets another reaper when its reaper is killed', async () => {
    const host = await startHost(worldsFolder());
    // A reaper that ends within its first second is taken for broken.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    process.kill(host.reaperPid, 'SIGKILL');
    await until('another reaper', () =>
      childrenOf(host.pid).some((pid) => pid !== host.reaperPid && commandLine(pid).includes('reaper.ts')),
    );
    await killHost(host);
    await until('all children gone', () => gone(host.pids));
    await until('folder gone', () => !existsSync(host.runDir));
  });
});

describe('a recorded pid that names another process by now', () => {
  it('is not touched by the sweep', async () => {
    const worlds = worldsFolder();
    const runDir = join(worlds, 'old');
    mkdirSync(join(runDir, 'processes'), { recursive: true });
    const innocent = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = innocent.pid ?? 0;
    const old = { machine: thisMachine(), startTime: '1', recordedAt: new Date().toISOString() };
    writeFileSync(join(runDir, 'processes', 'db.json'), JSON.stringify({ ...old, name: 'db', pid }));
    writeClaim(runDir, { ...old, pid, keep: false, claimedAt: old.recordedAt });
    const claimed = await claimRunDir({ worlds, keep: false });
    expect(claimed.swept).toMatchObject([{ runDir, ended: [], removed: true }]);
    expect(isAlive(pid)).toBe(true);
    innocent.kill('SIGKILL');
    await once(innocent, 'exit');
    removeWorld(claimed.runDir);
  });
});

describe('a folder of the user’s choice', () => {
  it('is refused when something else is in it, and left as it was', async () => {
    const worlds = worldsFolder();
    const dir = worldsFolder();
    writeFileSync(join(dir, 'thesis.txt'), 'years of work');
    await expect(claimRunDir({ worlds, keep: false, dir })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(readdirSync(dir)).toEqual(['thesis.txt']);
  });

  it('stays kept when a later start goes on from it without asking to keep it', async () => {
    const worlds = worldsFolder();
    const dir = join(worldsFolder(), 'kept');
    const host = await startHost(worlds, { keep: true, dir });
    await killHost(host);
    await until('all gone', () => gone([...host.pids, host.reaperPid]));
    const again = await claimRunDir({ worlds, keep: false, dir });
    expect(again).toMatchObject({ runDir: dir, continues: true, keep: true });
    expect(readClaim(dir)?.keep).toBe(true);
  });
});
