import { askedInShell } from '../../../../world/demo/drive-upgrade';
import { commandsOf } from '../../../integration/docs/documented-commands';

const COMMANDS_MAX = 6;

it('from the clone to a decided gate it takes at most six commands, by README and by what the demo prints', () => {
  const asked = askedInShell(
    { gate: 'plan', question: 'plan-1-0f3a9c21', decisions: ['approve', 'reject'] },
    '/w/c.yaml',
  );
  expect(asked.slice(1)).toEqual([
    'npx hydra-cutover status --config /w/c.yaml',
    'npx hydra-cutover approve --config /w/c.yaml --gate plan --question plan-1-0f3a9c21 --by YOUR_NAME',
    'npx hydra-cutover reject --config /w/c.yaml --gate plan --question plan-1-0f3a9c21 --by YOUR_NAME',
  ]);
  const documented = commandsOf('README.md').map(({ text }) => text);
  const clone = documented.find((text) => text.startsWith('git clone'));
  const manual = documented.find((text) => text.endsWith('--manual'));
  // The other shell begins elsewhere; then a look, and one answer.
  const typed = [...(clone?.split('&&') ?? []), manual, 'cd hydra-cutover', asked[1], asked[2]];
  expect(typed).not.toContain(undefined);
  expect(typed.length).toBeLessThanOrEqual(COMMANDS_MAX);
});
