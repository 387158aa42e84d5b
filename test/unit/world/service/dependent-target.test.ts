import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../../config/logger';
import { DependentTarget } from '../../../../world/service/dependent-target';
import { type HydraSide } from '../../../../world/service/hydra-admin';

const blue: HydraSide = { adminUrl: 'http://blue:4445', apiGeneration: 1 };
const green: HydraSide = { adminUrl: 'http://green:4445', apiGeneration: 2 };
const other: HydraSide = { adminUrl: 'http://other:4445', apiGeneration: 1 };
const logger = createLogger({ level: 'silent' });

describe('DependentTarget', () => {
  let folder = '';
  const open = (initial: HydraSide) => DependentTarget.open({ file: join(folder, 'target.json'), initial, logger });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dependent-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('serves the config’s side until an epoch is seen, also a changed one after a restart', async () => {
    expect((await open(blue)).read().applied).toEqual({ epoch: 0, state: blue });
    expect((await open(other)).read().applied).toEqual({ epoch: 0, state: other });
  });

  it('follows a live change of the config before the first epoch, and tells', async () => {
    const target = await open(blue);
    const heard: HydraSide[] = [];
    target.onApplied(({ state }) => void heard.push(state));
    expect(await target.rebase(other)).toBe(true);
    expect(target.read().applied.state).toEqual(other);
    await target.stage(1, green);
    await target.apply(1);
    expect(heard).toEqual([other, green]);
  });

  it.each([
    ['staged', async (target: DependentTarget) => target.stage(1, green), blue],
    ['applied', async (target: DependentTarget) => (await target.stage(1, green), target.apply(1)), green],
    ['reverted unseen', async (target: DependentTarget) => target.revert(1), blue],
  ] as const)(
    'does not go by the config any more once an epoch was %s, over restarts too',
    async (_what, act, state) => {
      const target = await open(blue);
      await act(target);
      expect(await target.rebase(other)).toBe(false);
      expect(target.read().applied.state).toEqual(state);
      expect((await open(other)).read().applied.state).toEqual(state);
    },
  );

  it('reverts to the very side that was in use before', async () => {
    const target = await open(blue);
    await target.stage(1, green);
    await target.apply(1);
    await target.revert(1);
    expect((await open(other)).read().applied.state).toEqual(blue);
  });

  it('refuses a state that it could not serve', async () => {
    const target = await open(blue);
    for (const state of [
      {},
      { ...green, apiGeneration: 3 },
      { ...green, adminUrl: 'green' },
      { ...green, more: 1 },
      null,
    ]) {
      await expect(target.stage(1, state)).rejects.toMatchObject({ code: 'TARGET_STATE_INVALID' });
    }
    expect(target.read().staged).toBeNull();
  });

  it('does not start over from the config when its state file is damaged', async () => {
    writeFileSync(join(folder, 'target.json'), '{"applied":');
    await expect(open(blue)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });
});
