import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(__dirname, '..', '..', '..', '..');
const CORE = join(ROOT, 'gateway', 'core');

/** With all that it imports, from whatever folder; a name that no bundler for the web finds is an error of its own. */
async function imported(entries: readonly string[]): Promise<string[]> {
  const { metafile } = await build({
    ...{ entryPoints: [...entries], absWorkingDir: ROOT, outdir: 'nowhere' },
    ...{ bundle: true, write: false, metafile: true, platform: 'neutral', mainFields: ['module', 'main'] },
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs);
}

it('the core of the gateway runs without Node.js, and without what moves bytes', async () => {
  const core = readdirSync(CORE).map((file) => join(CORE, file));
  const files = await imported(core);
  expect(files.filter((file) => file.startsWith('gateway/core/'))).toHaveLength(core.length);
  expect(files.filter((file) => /^(?:gateway\/(?!core\/)|adapters\/)/.test(file))).toEqual([]);
});

it('would be told by that look if it did not', async () => {
  await expect(imported([join(ROOT, 'gateway', 'node', 'request-id.ts')])).rejects.toThrow('node:crypto');
});
