import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureEntry, intactEntry } from '../../../../../world/toolchain/cache/cache-entry';
import { type Scratch } from '../../../../../world/toolchain/cache/scratch';
import { toolContext } from '../../../../../world/toolchain/context';
import { SOON, until } from '../../../../support/until';

const KEY = 'thing-1.0-abc';
const BYTES = 'x'.repeat(1_000);
let root = '';
let made = 0;
let lines: string[] = [];

async function make({ files }: Scratch): Promise<void> {
  made += 1;
  mkdirSync(join(files, 'lib'));
  writeFileSync(join(files, 'program'), BYTES, { mode: 0o755 });
  writeFileSync(join(files, 'lib', 'real.so.1'), 'library');
  symlinkSync('real.so.1', join(files, 'lib', 'real.so'));
}

const ensure = (how = make, signal?: AbortSignal) =>
  ensureEntry(
    root,
    { key: KEY, label: 'Thing 1.0', make: how },
    toolContext({ progress: (line) => lines.push(line), ...(signal === undefined ? {} : { signal }) }),
  );

const leftovers = () => readdirSync(join(root, 'tmp'));

beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'cache-entry-')), 'cache');
  made = 0;
  lines = [];
});

afterEach(() => rmSync(join(root, '..'), { recursive: true, force: true }));

describe('a cache entry', () => {
  it('is made once and then found', async () => {
    expect(await intactEntry(root, KEY)).toBeUndefined();
    expect(await ensure()).toEqual({ folder: join(root, KEY), made: true });
    expect(await ensure()).toEqual({ folder: join(root, KEY), made: false });
    expect(await intactEntry(root, KEY)).toBe(join(root, KEY));
    expect(made).toBe(1);
    expect(leftovers()).toEqual([]);
  });

  it.each([
    ['a file was truncated', (folder: string) => writeFileSync(join(folder, 'program'), 'x')],
    [
      'bytes changed and the size did not',
      (folder: string) => writeFileSync(join(folder, 'program'), 'y'.repeat(1_000)),
    ],
    [
      'bytes changed and the modification time was put back',
      (folder: string) => {
        writeFileSync(join(folder, 'program'), 'y'.repeat(1_000));
        utimesSync(join(folder, 'program'), 1, 1);
      },
    ],
    ['a file is missing', (folder: string) => unlinkSync(join(folder, 'lib', 'real.so.1'))],
    ['a link is missing', (folder: string) => unlinkSync(join(folder, 'lib', 'real.so'))],
    ['a program may not be executed', (folder: string) => chmodSync(join(folder, 'program'), 0o644)],
    ['the manifest is missing', (folder: string) => unlinkSync(join(folder, 'manifest.json'))],
    ['the manifest is cut off', (folder: string) => writeFileSync(join(folder, 'manifest.json'), '{"files":')],
    [
      'the manifest holds nonsense',
      (folder: string) =>
        writeFileSync(join(folder, 'manifest.json'), '{"formatVersion":1,"files":{"program":null},"links":{}}'),
    ],
    [
      'the folder is a file',
      (folder: string) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, 'garbage');
      },
    ],
  ])('is made again, with a line that says so, when %s', async (_what, damage) => {
    const { folder } = await ensure();
    damage(folder);
    expect(await intactEntry(root, KEY)).toBeUndefined();
    expect((await ensure()).made).toBe(true);
    expect(lines).toEqual([expect.stringMatching(/^Thing 1\.0: the cached copy is damaged \(.+\); making it again$/)]);
    expect(readFileSync(join(folder, 'program'), 'utf8')).toBe(BYTES);
    expect(leftovers()).toEqual([]);
  });

  it('stays when only the inode changed, as after restoring a backup', async () => {
    const { folder } = await ensure();
    chmodSync(join(folder, 'program'), 0o700);
    chmodSync(join(folder, 'program'), 0o755);
    expect((await ensure()).made).toBe(false);
    expect(lines).toEqual([]);
  });

  it('does not appear when making it fails, and the next call starts afresh', async () => {
    const failing = async ({ files }: Scratch) => {
      writeFileSync(join(files, 'program'), 'half');
      throw new Error('broken off');
    };
    await expect(ensure(failing)).rejects.toThrow('broken off');
    expect(existsSync(join(root, KEY))).toBe(false);
    expect(leftovers()).toEqual([]);
    expect((await ensure()).made).toBe(true);
  });

  it('is made by one of two callers at once while the other waits and says so', async () => {
    const slowly = async (scratch: Scratch) => {
      await until('a line', () => lines.length > 0, SOON);
      await make(scratch);
    };
    const answers = await Promise.all([ensure(slowly), ensure(slowly)]);
    expect(answers.map((answer) => answer.made).sort()).toEqual([false, true]);
    expect(made).toBe(1);
    expect(lines).toEqual([`waiting for process ${process.pid}, which is preparing Thing 1.0 ...`]);
  });

  it('does not appear when the work is aborted', async () => {
    const controller = new AbortController();
    const aborted = async (scratch: Scratch) => {
      await make(scratch);
      controller.abort(new Error('enough'));
    };
    await expect(ensure(aborted, controller.signal)).rejects.toThrow('enough');
    expect(existsSync(join(root, KEY))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('stops waiting for another caller at once when aborted', async () => {
    const controller = new AbortController();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let began = false;
    const first = ensure(async (scratch) => {
      began = true;
      await held;
      await make(scratch);
    });
    await until('the work began', () => began, SOON);
    const second = ensure(make, controller.signal);
    await until('a line', () => lines.length > 0, SOON);
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    release();
    expect((await first).made).toBe(true);
  });

  it('removes what dead runs left and keeps what living ones work on', async () => {
    const tmp = join(root, 'tmp');
    mkdirSync(join(tmp, '1999999.12345.0', 'files'), { recursive: true });
    mkdirSync(join(tmp, 'not-one-of-ours %zz'), { recursive: true });
    await ensure(async (scratch) => {
      await make(scratch);
      expect(leftovers()).toHaveLength(1);
    });
    expect(leftovers()).toEqual([]);
  });

  it.each(['ENOSPC', 'EDQUOT'])('turns %s while making it into DISK_FULL that names the folder', async (code) => {
    const full = async ({ files }: Scratch) => {
      appendFileSync(join(files, 'program'), 'half');
      throw Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });
    };
    await expect(ensure(full)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining(root) as string,
      details: { variable: 'HYDRA_CUTOVER_CACHE' },
    });
    expect(existsSync(join(root, KEY))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it.each([
    ['is a file', () => writeFileSync(root, '')],
    [
      'is below a file',
      () => {
        writeFileSync(root, '');
        root = join(root, 'deeper');
      },
    ],
  ])('is refused with the variable to set when the cache folder %s', async (_what, prepare) => {
    prepare();
    await expect(ensure()).rejects.toMatchObject({
      code: 'TOOL_UNUSABLE',
      details: { variable: 'HYDRA_CUTOVER_CACHE' },
    });
    root = root.replace(/\/deeper$/, '');
  });

  it('keeps errors that have nothing to do with storage as they are', async () => {
    const unrelated = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    await expect(
      ensure(async () => {
        throw unrelated;
      }),
    ).rejects.toBe(unrelated);
  });
});
