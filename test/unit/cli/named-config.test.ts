import { namingConfig } from '../../../cli/named-config';

it.each([
  ['see `hydra-cutover status`', 'c.yaml', 'see `hydra-cutover status --config c.yaml`'],
  [
    '`hydra-cutover repair --cutover-id c`',
    "it's.yaml",
    "`hydra-cutover repair --config 'it'\\''s.yaml' --cutover-id c`",
  ],
  ['`hydra-cutover status --config a.yaml`', 'c.yaml', '`hydra-cutover status --config a.yaml`'],
  [
    '`hydra-cutover approve --help`, `hydra-cutover --help`',
    'c.yaml',
    '`hydra-cutover approve --help`, `hydra-cutover --help`',
  ],
  ['see `hydra-cutover status`', undefined, 'see `hydra-cutover status`'],
])('%s, with the config %s', (text, config, told) => {
  expect(namingConfig(text, config)).toBe(told);
});
