import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PINNED, pinnedNode } from '../../../../scripts/lib/node-runtime.js';

const OTHER = process.versions.node.startsWith('22.') ? '24' : '22';
const VERSION = PINNED[OTHER]?.version ?? '';
const PLATFORM = `${process.platform}-${process.arch}`;

let cache = '';

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'node-runtime-'));
});

afterEach(() => rmSync(cache, { recursive: true }));

const withoutNpm = () => ({ HYDRA_CUTOVER_CACHE: cache, PATH: '/nowhere' });

/** @returns an environment whose npm "installs" a program that prints `version` */
function npmThatBrings(version: string): NodeJS.ProcessEnv {
  const bin = join(cache, 'npm-bin');
  mkdirSync(bin);
  const target = `node_modules/node-${PLATFORM}/bin`;
  const script = `#!/bin/sh\nmkdir -p ${target} && printf '#!/bin/sh\\necho ${version}\\n' > ${target}/node && chmod 755 ${target}/node\n`;
  writeFileSync(join(bin, 'npm'), script);
  chmodSync(join(bin, 'npm'), 0o755);
  return { HYDRA_CUTOVER_CACHE: cache, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
}

it('fetches a pinned Node.js once and finds it in the cache from then on', async () => {
  const program = await pinnedNode(OTHER, npmThatBrings(`v${VERSION}`));
  expect(program).toBe(join(cache, 'node', `${VERSION}-${PLATFORM}`, 'bin', 'node'));
  expect(await pinnedNode(OTHER, withoutNpm())).toBe(program);
});

it('keeps nothing of a fetch that brought another program, and says what to do', async () => {
  await expect(pinnedNode(OTHER, npmThatBrings('v1.2.3'))).rejects.toThrow('install a supported one');
  expect(readdirSync(join(cache, 'node'))).toEqual([]);
});

it('says that npm is missing', async () => {
  await expect(pinnedNode(OTHER, withoutNpm())).rejects.toThrow('could not be fetched');
  expect(existsSync(join(cache, 'node', `${VERSION}-${PLATFORM}`))).toBe(false);
});

it('says which Node.js are supported where none is pinned', async () => {
  await expect(pinnedNode('18', withoutNpm())).rejects.toThrow('^22.22.0 || ^24.13.0');
});
