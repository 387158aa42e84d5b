import { InvalidArgumentError } from 'commander';
import { brakeVerb } from '../temporal/brake-verb';

export const resumeVerb = brakeVerb({
  name: 'resume',
  summary: 'let a cutover read blue again, or at another rate',
  description: [
    'Ends a `pause`. With `--rows-per-second` it also sets how fast the sync and the comparison of rows may read blue; without it the rate stays as it is.',
  ],
  examples: [
    'hydra-cutover resume --config hydra-cutover.yaml --by bob@example.org',
    'hydra-cutover resume --config hydra-cutover.yaml --by bob@example.org --rows-per-second 2000',
  ],
  addOptions: (command) => {
    command.option('--rows-per-second <rows>', 'rows of blue that are read in a second; `all` for no limit', parseRate);
  },
  changeOf: ({ rowsPerSecond }) => ({
    paused: false,
    ...(rowsPerSecond === undefined
      ? {}
      : { rowsPerSecond: rowsPerSecond === 'all' ? null : (rowsPerSecond as number) }),
  }),
});

function parseRate(value: string): number | 'all' {
  if (value === 'all') return value;
  const rate = Number(value);
  if (!/^\d{1,9}$/.test(value) || rate < 1) throw new InvalidArgumentError('Allowed: 1 to 999999999, or `all`.');
  return rate;
}
