import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, statfs, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyTree } from '../../../../../world/rds/snapshot/copy-tree';

const MB = 1024 * 1024;
let dir: string;
let source: string;
let target: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rds-copy-'));
  source = join(dir, 'source');
  target = join(dir, 'target');
  await mkdir(join(source, 'base', '1'), { recursive: true });
  for (let index = 0; index < 8; index += 1) {
    await writeFile(join(source, 'base', '1', String(index)), Buffer.alloc(MB, index));
  }
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('copyTree', () => {
  it('copies folders and files with their bytes, for their owner only, and tells its progress', async () => {
    const seen: number[] = [];
    const bytes = await copyTree({ source, target, onProgress: (copied, total) => void seen.push(copied / total) });
    expect(bytes).toBe(8 * MB);
    expect(seen.at(-1)).toBe(1);
    // Not toEqual: that takes seconds for a megabyte.
    expect(Buffer.alloc(MB, 5).equals(await readFile(join(target, 'base', '1', '5')))).toBe(true);
    expect((await stat(join(target, 'base', '1', '5'))).mode & 0o777).toBe(0o600);
    expect((await stat(target)).mode & 0o777).toBe(0o700);
  });

  it('copies the files that are to come last after all others', async () => {
    const last = ['base/1/0'];
    let before = 0;
    await copyTree({
      source,
      target,
      last,
      onProgress: async () => {
        if (!existsSync(join(target, 'base', '1', '0'))) before += 1;
      },
    });
    expect(before).toBe(7);
  });

  it('goes on when files and folders vanish in the middle', async () => {
    let removed = false;
    await copyTree({
      source,
      target,
      onProgress: async () => {
        if (removed) return;
        removed = true;
        for (const name of ['5', '6', '7']) await rm(join(source, 'base', '1', name));
      },
    });
    expect((await readdir(join(target, 'base', '1'))).sort()).toEqual(['0', '1', '2', '3', '4']);
  });

  it('ends when a file is cut short while it is copied', async () => {
    const big = join(source, 'big');
    await writeFile(big, '');
    await truncate(big, 1024 * MB); // sparse
    const copy = copyTree({ source, target });
    const copiedBytes = () => (existsSync(join(target, 'big')) ? statSync(join(target, 'big')).size : 0);
    while (copiedBytes() === 0) await new Promise((resolve) => setImmediate(resolve));
    await truncate(big, 0);
    await copy;
    expect(copiedBytes()).toBeLessThanOrEqual(1024 * MB);
  });

  it('says DISK_FULL when there is no space', async () => {
    // Writing to /dev/full fails as a full disk does.
    await mkdir(join(target, 'base', '1'), { recursive: true });
    await symlink('/dev/full', join(target, 'base', '1', '3'));
    const copy = copyTree({ source, target });
    await expect(copy).rejects.toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining(target) as string });
  });

  it('says so before it takes the last space, which a server on the same disk needs', async () => {
    // More than the whole disk: others free space while this runs.
    const { blocks, bsize } = await statfs(dir);
    await writeFile(join(source, 'huge'), '');
    await truncate(join(source, 'huge'), Math.min(blocks * bsize + 1, 8 * 1024 * 1024 * MB));
    await expect(copyTree({ source, target })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(existsSync(join(target, 'huge'))).toBe(false);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const copy = copyTree({ source, target, signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) });
    await expect(copy).rejects.toThrow('enough');
    expect((await readdir(join(target, 'base', '1'))).length).toBeLessThan(8);
  });

  it('refuses what is neither file nor folder instead of leaving it out', async () => {
    await symlink('/etc/hostname', join(source, 'link'));
    await expect(copyTree({ source, target })).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
