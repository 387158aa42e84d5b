import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS } from '../../../domain/faults';

const ROOT = join(__dirname, '../../..');
/** Names of variables of the environment, which may stand in such a sentence too. */
const VARIABLE = 'HYDRA_CUTOVER_';
const FOLDERS = [
  'activities',
  'adapters',
  'cli',
  'config',
  'domain',
  'gateway',
  'hydra',
  'workers',
  'workflows',
  'world',
];

/** Codes in the sentences of a comment that begin with `@throws CutoverFault`. */
function promised(source: string): string[] {
  const sentences = source.match(/@throws CutoverFault[^@]*?(?=\*\/|@)/g) ?? [];
  return sentences.flatMap((text) => text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []);
}

it('every code that a comment says is thrown is one of the table', () => {
  const unknown = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const codes = promised(readFileSync(join(ROOT, folder, name), 'utf8'));
        return codes
          .filter((code) => !code.startsWith(VARIABLE) && !Object.hasOwn(FAULTS, code))
          .map((code) => `${folder}/${name}: ${code}`);
      }),
  );
  expect(unknown).toEqual([]);
});
