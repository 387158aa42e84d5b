import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheRoot, cacheRootReadableBy, canTraverse } from '../../../../../world/toolchain/cache/cache-root';

const STRANGER = { uid: 65534, gid: 65534 };

describe('cacheRoot', () => {
  it.each([
    [{ HYDRA_CUTOVER_CACHE: '/a/b', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/a/b'],
    [{ HYDRA_CUTOVER_CACHE: '', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/hydra-cutover'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/h' }, '/h/.cache/hydra-cutover'],
    [{ HOME: '/h' }, '/h/.cache/hydra-cutover'],
  ])('is, from %j, %s', (env, expected) => {
    expect(cacheRoot(env)).toBe(expected);
  });

  it('refuses a relative HYDRA_CUTOVER_CACHE, which would mean another folder in every working directory', () => {
    expect(() => cacheRoot({ HYDRA_CUTOVER_CACHE: 'cache' })).toThrow(
      expect.objectContaining({ code: 'TOOL_UNUSABLE', details: { variable: 'HYDRA_CUTOVER_CACHE' } }) as Error,
    );
  });
});

describe('the cache folder for another uid', () => {
  let parent = '';
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'cache-root-'));
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('is the ordinary one when every folder above lets that uid through', () => {
    chmodSync(parent, 0o711);
    const env = { HYDRA_CUTOVER_CACHE: join(parent, 'not', 'there', 'yet') };
    expect(cacheRootReadableBy(env, STRANGER)).toBe(env.HYDRA_CUTOVER_CACHE);
  });

  it('is a shared one when a folder above does not', () => {
    mkdirSync(join(parent, 'open'), { mode: 0o755 });
    chmodSync(parent, 0o700);
    expect(canTraverse(join(parent, 'open'), STRANGER)).toBe(false);
    expect(cacheRootReadableBy({ HYDRA_CUTOVER_CACHE: join(parent, 'open') }, STRANGER)).toBe(
      '/var/cache/hydra-cutover',
    );
  });

  it('is the ordinary one when no other uid is involved', () => {
    chmodSync(parent, 0o700);
    expect(cacheRootReadableBy({ HYDRA_CUTOVER_CACHE: parent }, undefined)).toBe(parent);
  });
});
