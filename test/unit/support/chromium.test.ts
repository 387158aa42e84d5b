import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromiumOrWarning, findChromium } from '../../support/chromium';

describe('the Chromium of a machine', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(...path: string[]): string {
    const file = join(folder, ...path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  }

  it('is CHROMIUM_BIN where that is set, whatever is on PATH', () => {
    program('path', 'chromium');
    const own = program('own', 'browser');
    expect(findChromium({ CHROMIUM_BIN: own, PATH: join(folder, 'path') })).toBe(own);
  });

  it.each(['chromium', 'chromium-browser', 'google-chrome'])('is %s where only that is on PATH', (name) => {
    const file = program('path', name);
    expect(findChromium({ PATH: [join(folder, 'empty'), join(folder, 'path')].join(delimiter) })).toBe(file);
  });

  it('is chromium where another one stands earlier on PATH', () => {
    program('first', 'google-chrome');
    const file = program('second', 'chromium');
    expect(findChromium({ PATH: [join(folder, 'first'), join(folder, 'second')].join(delimiter) })).toBe(file);
  });

  it('refuses a CHROMIUM_BIN that does not exist, though one is on PATH', () => {
    program('path', 'chromium');
    const env = { CHROMIUM_BIN: join(folder, 'nowhere'), PATH: join(folder, 'path') };
    expect(() => findChromium(env)).toThrow(/^CHROMIUM_BIN is .*nowhere, which is not a program .*apt-get install/);
  });

  it('refuses a CHROMIUM_BIN that is a folder', () => {
    expect(() => findChromium({ CHROMIUM_BIN: folder })).toThrow('is not a program');
  });

  it('is none where nothing of that name on PATH can be run', () => {
    mkdirSync(join(folder, 'chromium'));
    writeFileSync(join(folder, 'chromium-browser'), '', { mode: 0o644 });
    expect(findChromium({ PATH: folder })).toBeUndefined();
    expect(findChromium({})).toBeUndefined();
  });

  it('tells a person how to install it where there is none', () => {
    const lines: string[] = [];
    expect(chromiumOrWarning({ PATH: folder }, (line) => lines.push(line))).toBeUndefined();
    expect(lines).toEqual([expect.stringMatching(/^!!! THE TEMPORAL UI IS NOT TESTED.*apt-get install chromium.*\n$/)]);
  });

  it('fails in CI where there is none', () => {
    const warn = jest.fn();
    expect(() => chromiumOrWarning({ PATH: folder, CI: 'true' }, warn)).toThrow(/^no Chromium .*apt-get install/);
    expect(warn).not.toHaveBeenCalled();
  });

  it('says nothing where there is one', () => {
    const warn = jest.fn();
    const file = program('chromium');
    expect(chromiumOrWarning({ PATH: folder }, warn)).toBe(file);
    expect(warn).not.toHaveBeenCalled();
  });
});
