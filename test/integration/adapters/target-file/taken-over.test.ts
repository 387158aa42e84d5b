import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { createFileTarget, PLACE } from './file-target-of-test';

const EPOCH = 1;
const MARKER = '.app.conf.cutover.place';

describe('a file whose worker is killed while it applies a committed epoch', () => {
  const root = mkdtempSync(join(tmpdir(), 'taken-over-'));
  const mortal = join(root, 'mortal.js');
  beforeAll(() => {
    buildSync({
      entryPoints: [join(__dirname, 'mortal-worker.ts')],
      outfile: mortal,
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
  });
  afterAll(() => rmSync(root, { recursive: true }));

  async function stagedFolder(name: string): Promise<string> {
    const folder = join(root, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'app.conf'), 'blue');
    writeFileSync(join(folder, 'read.conf'), 'blue');
    writeFileSync(join(folder, MARKER), PLACE);
    await createFileTarget(folder).stage(EPOCH, 'green');
    return folder;
  }

  const applyElsewhere = (folder: string, lives: number) =>
    spawnSync(process.execPath, [mortal, folder, String(EPOCH), String(lives)], { encoding: 'utf8' });

  it('serves green once another worker that sees the folder goes on, wherever the first one was; on a machine of its own that one is refused', async () => {
    const whole = applyElsewhere(await stagedFolder('whole'), Infinity);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    const changes = Number(whole.stdout);
    expect(changes).toBeGreaterThan(5);
    const left = new Set<string>();
    for (let lives = 0; lives < changes; lives += 1) {
      const folder = await stagedFolder(`killed-${lives}`);
      expect(applyElsewhere(folder, lives)).toMatchObject({ signal: 'SIGKILL' });
      left.add(`${contentOf(folder, 'app.conf')} ${contentOf(folder, 'read.conf')}`);

      const elsewhere = join(root, `elsewhere-${lives}`);
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, 'app.conf'), 'blue');
      const refused = { code: 'TARGET_UNREACHABLE' };
      await expect(createFileTarget(elsewhere).apply(EPOCH)).rejects.toMatchObject(refused);
      await expect(createFileTarget(elsewhere).tellCommitted(EPOCH, 'green')).rejects.toMatchObject(refused);
      expect(readdirSync(elsewhere)).toEqual(['app.conf']);
      expect(contentOf(elsewhere, 'app.conf')).toBe('blue');

      const told = `${folder}-told`;
      cpSync(folder, told, { recursive: true });
      const applied = { appliedEpoch: EPOCH, appliedSide: 'green' };
      expect(await createFileTarget(folder).apply(EPOCH)).toMatchObject(applied);
      expect(await createFileTarget(told).tellCommitted(EPOCH, 'green')).toMatchObject(applied);
      for (const each of [folder, told]) {
        expect([contentOf(each, 'app.conf'), contentOf(each, 'read.conf')]).toEqual(['green', 'green']);
        expect(await createFileTarget(each).read()).toMatchObject(applied);
      }
    }
    // It died before the file was there, between that and the reload, and after it.
    expect([...left].sort()).toEqual(['blue blue', 'green blue', 'green green']);
  });
});

function contentOf(folder: string, name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}
