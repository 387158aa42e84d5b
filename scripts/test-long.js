// The tests of which `npm test` has time for a share only: every fault of the network, a worker that stands still at every point of a
// switchover or dies in each long phase before it, 10,000 sequences of calls at the arbiter, what the model leaves out, every odd database.
'use strict';
process.env['LONG_TESTS'] = '1';
process.argv.push(
  'test/e2e/upgrade.test',
  'test/integration/faults',
  'test/integration/hydra/arbiter/twin',
  'test/integration/hydra/odd-databases',
  'test/unit/model/reduction',
);
require('jest').run();
