import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addInstance } from '../../../../../world/rds/model/change-state';
import { StateStore } from '../../../../../world/rds/state/state-store';
import { instanceRecord } from '../records';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rds-state-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('StateStore', () => {
  it('has on disk what it answered, readable by the owner only, and reads it again', async () => {
    const file = join(dir, 'state.json');
    const store = await StateStore.open(file);
    await store.change((state) => addInstance(state, instanceRecord({ id: 'blue' })));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await StateStore.open(file)).current.instances['blue']?.id).toBe('blue');
  });

  it('lets only one of two changes at once take a name', async () => {
    const store = await StateStore.open(join(dir, 'state.json'));
    const make = (resourceId: string) =>
      store.change((state) => addInstance(state, instanceRecord({ id: 'blue', resourceId })));
    const results = await Promise.allSettled([make('db-1'), make('db-2')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
    expect(store.current.instances['blue']?.resourceId).toBe('db-1');
  });

  it('changes nothing when it cannot write, and works again when it can', async () => {
    const sub = join(dir, 'sub');
    const store = await StateStore.open(join(sub, 'state.json'));
    const change = () => store.change((state) => addInstance(state, instanceRecord({ id: 'blue' })));
    await expect(change()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(store.current.instances).toEqual({});
    const { mkdir } = await import('node:fs/promises');
    await mkdir(sub);
    await change();
    expect(JSON.parse(await readFile(join(sub, 'state.json'), 'utf8'))).toMatchObject({ instances: { blue: {} } });
  });

  it.each(['{"schemaVersion":2}', '{"schemaVer', ''])(
    'refuses to start over a state file it does not understand: %s',
    async (text) => {
      const file = join(dir, 'state.json');
      await writeFile(file, text);
      await expect(StateStore.open(file)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
      expect(await readFile(file, 'utf8')).toBe(text);
    },
  );
});
