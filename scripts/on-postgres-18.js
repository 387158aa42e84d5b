// Runs what reads catalogs and rows of both Hydras on PostgreSQL 18; `npm test` runs it on 15.
'use strict';
process.env['TEST_POSTGRES_MAJOR'] = '18';
const given = process.argv.slice(2);
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
if (given.length === 0) process.argv.push(...PATHS.map((path) => `test/integration/${path}`));
require('jest').run();
