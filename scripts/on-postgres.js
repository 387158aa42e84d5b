// Runs what reads catalogs and rows of both Hydras on another version of PostgreSQL; `npm test` runs it on 15.
'use strict';
const given = process.argv.slice(2);
const [major = '', ...paths] = given;
if (!/^\d+$/.test(major)) {
  process.stderr.write('which PostgreSQL? For example: npm run test:pg -- 13 [tests]\n');
  process.exit(2);
}
process.env['TEST_POSTGRES_MAJOR'] = major;
const PATHS = [
  'activities/capture',
  'activities/preflight',
  'activities/roles-apart',
  'hydra/capture',
  'hydra/catalog',
  'hydra/cleaning',
  'hydra/parity',
  'hydra/paths',
  'hydra/sync',
  'hydra/transform',
];
const wanted = paths.length === 0 ? PATHS.map((path) => `test/integration/${path}`) : paths;
process.argv.splice(2, given.length, ...wanted);
require('jest').run();
