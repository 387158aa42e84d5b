import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERBS } from '../../../cli/verbs';

const [, section = ''] = readFileSync(join(__dirname, '..', '..', '..', 'README.md'), 'utf8').split(
  '\n## Commands and exit codes\n',
);
const [table = ''] = section.trimStart().split('\n\n');

it("README's table of commands has every verb of the command line, and no other", () => {
  const named = table
    .split('\n')
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect([...named].sort()).toEqual(VERBS.map(({ name }) => name).sort());
});
