import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolContext } from '../../../../world/toolchain/context';
import { findGoProgram, locateGoProgram } from '../../../../world/toolchain/go-program';
import { createSandbox, isAlive, outcome, type Sandbox, spawnResolver, writeProgram } from './support/sandbox';
import { until } from '../../../support/until';

let sandbox: Sandbox;
let lines: string[] = [];
const context = (env: NodeJS.ProcessEnv, signal?: AbortSignal) =>
  toolContext({ env, progress: (line) => lines.push(line), ...(signal === undefined ? {} : { signal }) });
const find = (env: NodeJS.ProcessEnv, signal?: AbortSignal) =>
  findGoProgram(sandbox.pin, context(env, signal), sandbox.modules);
const scratchFolders = () => readdirSync(join(sandbox.cache, 'tmp'));

beforeEach(() => {
  sandbox = createSandbox();
  lines = [];
});
afterEach(() => {
  // Only when a test failed half-way; a stand-in that hangs would outlive the run.
  for (const pid of sandbox.fakePids().filter(isAlive)) process.kill(pid, 'SIGKILL');
  sandbox.remove();
});

describe('a program compiled from a Go module', () => {
  it('is compiled, verified, and later found in the cache without go', async () => {
    expect(await locateGoProgram(sandbox.pin, context(sandbox.env), sandbox.modules)).toBeUndefined();
    const made = await find(sandbox.env);
    expect(made).toMatchObject({ source: 'made', version: '1.2.3' });
    expect(lines[0]).toMatch(/^compiling Tiny 1\.2\.3 with go build/);
    const output = execFileSync('/bin/sh', ['-c', `${made.path} 2>&1`], { encoding: 'utf8' });
    expect(output).toBe('tiny version 1.2.3\n');
    expect(await find({ ...sandbox.env, PATH: sandbox.modules })).toEqual({ ...made, source: 'cache' });
    expect(scratchFolders()).toEqual([]);
  });

  it('is compiled again when its source changed', async () => {
    const first = await find(sandbox.fakeGo('slow'));
    writeFileSync(join(sandbox.modules, 'tiny', 'go.sum'), '');
    const second = await find(sandbox.fakeGo('slow'));
    expect(second.source).toBe('made');
    expect(second.path).not.toBe(first.path);
  });

  it('is refused when it turns out to be another version', async () => {
    const pin = { ...sandbox.pin, version: '9.9.9' };
    await expect(findGoProgram(pin, context(sandbox.fakeGo('slow')), sandbox.modules)).rejects.toMatchObject({
      code: 'TOOL_UNUSABLE',
      message: expect.stringContaining('is version 1.2.3 instead of 9.9.9') as string,
    });
    expect(scratchFolders()).toEqual([]);
  });

  it('reports a go that is not installed, with what to install and which variable to set', async () => {
    const env = { ...sandbox.env, PATH: join(sandbox.folder, 'empty') };
    mkdirSync(env.PATH);
    await expect(find(env)).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringMatching(/install Go .*TINY_BIN/) as string,
    });
  });

  it('reports source that does not compile with the words of the compiler', async () => {
    writeFileSync(join(sandbox.modules, 'tiny', 'main.go'), 'package main\n\nfunc main() { nonsense }\n');
    await expect(find(sandbox.env)).rejects.toMatchObject({
      code: 'TOOL_BUILD_FAILED',
      message: expect.stringContaining('nonsense') as string,
    });
  });

  it('reports a module proxy that does not answer as a failed download', async () => {
    const module = join(sandbox.modules, 'tiny');
    writeFileSync(join(module, 'go.mod'), 'module tiny\n\ngo 1.17\n\nrequire example.org/absent v1.0.0\n');
    writeFileSync(join(module, 'main.go'), 'package main\n\nimport _ "example.org/absent"\n\nfunc main() {}\n');
    const sums = ['v1.0.0', 'v1.0.0/go.mod'].map((version) => `example.org/absent ${version} h1:${'A'.repeat(43)}=\n`);
    writeFileSync(join(module, 'go.sum'), sums.join(''));
    const env = { ...sandbox.env, GOPROXY: 'http://127.0.0.1:1', GOFLAGS: '', GONOSUMDB: '*' };
    await expect(find(env)).rejects.toMatchObject({
      code: 'TOOL_DOWNLOAD_FAILED',
      message: expect.stringMatching(/check the network and GOPROXY.*TINY_BIN/) as string,
    });
  });

  it.each([
    ['verifying x@v1: checksum mismatch', 'TOOL_HASH_MISMATCH'],
    ['go: go.mod requires go >= 1.24 (running go 1.19; GOTOOLCHAIN=local)', 'TOOL_MISSING'],
    ['compile: writing output: write /x: no space left on device', 'DISK_FULL'],
  ])('reports "%s" as %s', async (words, code) => {
    await expect(find(sandbox.fakeGo(words))).rejects.toMatchObject({ code });
    expect(scratchFolders()).toEqual([]);
  });

  it('ends the compiler and its children when aborted, and leaves nothing', async () => {
    const controller = new AbortController();
    const found = find(sandbox.fakeGo('hang'), controller.signal);
    await until('two processes', () => sandbox.fakePids().length === 2);
    controller.abort(new Error('enough'));
    await expect(found).rejects.toThrow('enough');
    await until('both gone', () => !sandbox.fakePids().some(isAlive));
    expect(scratchFolders()).toEqual([]);
  });
});

describe('an override by environment variable', () => {
  it('is used without asking the cache', async () => {
    const path = writeProgram(join(sandbox.folder, 'mine'), '#!/bin/sh\necho tiny version 1.2.3\n');
    const found = await find({ ...sandbox.env, TINY_BIN: path });
    expect(found).toEqual({ path, source: 'environment', version: '1.2.3' });
    expect(existsSync(sandbox.cache)).toBe(false);
  });

  it.each([
    ['is missing', () => join(sandbox.folder, 'absent'), 'does not exist'],
    ['is a folder', () => sandbox.folder, 'is not a file'],
    ['may not be executed', () => join(sandbox.modules, 'tiny', 'go.mod'), 'may not be read or executed'],
    [
      'is another version',
      () => writeProgram(join(sandbox.folder, 'old'), '#!/bin/sh\necho tiny version 1.0\n'),
      '1.0',
    ],
    ['is another program', () => '/bin/true', 'exit code 0'],
    ['fails', () => writeProgram(join(sandbox.folder, 'bad'), '#!/bin/sh\necho oops >&2; exit 7\n'), 'said "oops"'],
    ['is garbage', () => writeProgram(join(sandbox.folder, 'junk'), '\x7fELF\x00\x01garbage'), 'junk'],
    ['names no interpreter', () => writeProgram(join(sandbox.folder, 'int'), '#!/no/such\n'), 'interpreter'],
  ])('is refused by the name of the variable when it %s', async (_what, path, words) => {
    await expect(find({ ...sandbox.env, TINY_BIN: path() })).rejects.toMatchObject({
      code: 'TOOL_UNUSABLE',
      message: expect.stringContaining(words) as string,
      details: { variable: 'TINY_BIN' },
    });
  });
});

describe('several processes', () => {
  it('compile once between them; the second waits and says for whom', async () => {
    const env = sandbox.fakeGo('slow');
    const outcomes = await Promise.all([outcome(spawnResolver(sandbox, env)), outcome(spawnResolver(sandbox, env))]);
    const found = outcomes.map(({ stdout }) => JSON.parse(stdout) as { path: string; source: string });
    expect(new Set(found.map(({ path }) => path)).size).toBe(1);
    expect(found.map(({ source }) => source).sort()).toEqual(['cache', 'made']);
    expect(sandbox.fakePids()).toHaveLength(1);
  });

  it('do not take a build for finished that was killed half-way, and end its compiler', async () => {
    const killed = spawnResolver(sandbox, sandbox.fakeGo('hang'));
    const recorded = () => scratchFolders().some((name) => existsSync(join(sandbox.cache, 'tmp', name, 'child.json')));
    await until('two processes', () => sandbox.fakePids().length === 2 && recorded());
    process.kill(-(killed.pid ?? 0), 'SIGKILL');
    await outcome(killed);
    expect(scratchFolders()).toHaveLength(1);
    const found = await find(sandbox.fakeGo('slow'));
    expect(found.source).toBe('made');
    await until('both gone', () => !sandbox.fakePids().some(isAlive));
    expect(scratchFolders()).toEqual([]);
  });
});
