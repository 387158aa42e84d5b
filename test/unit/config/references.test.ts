import { mkdirSync } from 'node:fs';
import { hasReference, resolveReferences } from '../../../config/references';
import { useConfigFolder } from './config-files';

const files = useConfigFolder();
const resolve = (text: string, env: NodeJS.ProcessEnv = {}) =>
  resolveReferences(text, { env, baseDir: files.folder() });

describe('references', () => {
  it.each([
    ['plain $text}', 'plain $text}', false],
    ['${env:A}', 'one', true],
    ['x${env:A}y${env:B}z', 'xoneytwo wordsz', true],
    ['$${env:A}', '${env:A}', false],
    ['$$${env:A}', '$${env:A}', false],
    ['$', '$', false],
  ])('%s becomes %s', (text, expected, referenced) => {
    expect(resolve(text, { A: 'one', B: 'two words' })).toEqual({ text: expected, referenced, problems: [] });
    expect(hasReference(text)).toBe(referenced);
  });

  it('reads a file next to the config, without its last line break', () => {
    files.write('secret\n', 'a');
    files.write('secret\r\n', 'b');
    files.write('two\nlines\n\n', 'c');
    mkdirSync(files.path('d'));
    files.write('below', 'd/e');
    expect(resolve('${file:a}').text).toBe('secret');
    expect(resolve('${file:./b}').text).toBe('secret');
    expect(resolve('${file:c}').text).toBe('two\nlines\n');
    expect(resolve('<${file:d/e}>').text).toBe('<below>');
    expect(resolve(`\${file:${files.path('a')}}`).text).toBe('secret');
  });

  it('does not look for references in what it read', () => {
    expect(resolve('${env:A}', { A: '${env:B}', B: 'no' }).text).toBe('${env:B}');
  });

  it.each([
    ['${env:NOPE}', /NOPE, which is not set/, /set the variable/],
    ['${env:DB_PASWORD}', /which is not set \(DB_PASSWORD is set\)/, /correct its name/],
    ['${env:}', /without a name/, /set the variable/],
    ['${file:nope}', /nope, which does not exist/, /check the path/],
    ['${file:.}', /is a folder/, /inside it/],
    ['${file:}', /without a usable name/, /\$\{file:PATH\}/],
    ['${HOME}', /of a kind that is not known/, /\$\{env:HOME\}/],
    ['${enf:A}', /of a kind that is not known/, /\$\{env:A\}/],
    ['${fil:A}', /of a kind that is not known/, /\$\{file:A\}/],
    ['${env:A', /not closed/, /\$\$\{/],
    ['${file:${env:A}/x}', /not closed|inside another/, /\$\$\{/],
    ['${env:__proto__}', /which is not set/, /set the variable/],
  ])('%s is a problem with a fix', (text, what, fix) => {
    const { problems } = resolve(text, { DB_PASSWORD: 'x', A: 'y' });
    expect(problems[0]?.what).toMatch(what);
    expect(problems[0]?.fix).toMatch(fix);
  });

  it('refuses files that are too large or not text', () => {
    files.write('x'.repeat(600_000), 'large');
    files.write(Uint8Array.of(0xff), 'binary');
    expect(resolve('${file:large}').problems[0]?.what).toMatch(/too large/);
    expect(resolve('${file:binary}').problems[0]?.what).toMatch(/not UTF-8/);
    expect(resolve('${file:/dev/zero}').problems[0]?.what).toMatch(/not a regular file/);
  });
});
