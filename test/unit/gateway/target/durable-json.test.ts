import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTargetStore } from '../../../../world/service/target-store';
import { DurableJson } from '../../../../gateway/target/durable-json';

describe('a durable document', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'durable-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const file = () => join(folder, 'state.json');
  const document = () => new DurableJson(file(), (value) => value);

  it('keeps its old content and says so when the disk is full, and takes the next write', async () => {
    await document().write({ epoch: 1 });
    await symlink('/dev/full', `${file()}.draft`);
    await expect(document().write({ epoch: 2 })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await document().read()).toEqual({ epoch: 1 });
    await document().write({ epoch: 3 });
    expect(await document().read()).toEqual({ epoch: 3 });
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  it('says which folder is none', async () => {
    await writeFile(join(folder, 'file'), '');
    const inFile = new DurableJson(join(folder, 'file', 'state.json'), (value) => value);
    await expect(inFile.write({})).rejects.toMatchObject({ code: 'STATE_UNWRITABLE' });
  });

  it('is not overwritten when it cannot be understood', async () => {
    await writeFile(file(), 'not ours');
    const opening = createTargetStore({ file: file(), initial: {}, parseState: (value) => value });
    await expect(opening).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    expect(await readFile(file(), 'utf8')).toBe('not ours');
  });

  it('ignores a draft that a crash left', async () => {
    await document().write({ epoch: 1 });
    await writeFile(`${file()}.draft`, '{"ep');
    expect(await document().read()).toEqual({ epoch: 1 });
  });
});

describe('a target store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = () =>
    createTargetStore({ file: join(folder, 'state.json'), initial: 'zero', parseState: (value) => String(value) });

  it('tells of each applied state before it answers, and again when telling failed', async () => {
    const store = await open();
    const told: string[] = [];
    let failing = true;
    store.onApplied(async ({ state }) => {
      await Promise.resolve();
      if (failing) throw new Error('reload failed');
      told.push(state);
    });
    await store.stage(1, 'one');
    await expect(store.apply(1)).rejects.toThrow('reload failed');
    failing = false;
    expect(await store.apply(1)).toMatchObject({ ok: true, changed: false });
    expect(told).toEqual(['one']);
    await store.apply(1);
    await store.revert(1);
    expect(told).toEqual(['one', 'zero']);
  });

  it('keeps what it had, in memory too, when a change could not be stored', async () => {
    const store = await open();
    await store.stage(1, 'one');
    await symlink('/dev/full', join(folder, 'state.json.draft'));
    await expect(store.apply(1)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(store.read()).toMatchObject({ applied: { epoch: 0 }, staged: { epoch: 1 } });
    expect((await open()).read()).toEqual(store.read());
    expect(await store.apply(1)).toMatchObject({ ok: true });
  });
});
