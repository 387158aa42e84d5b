// The tests of which `npm test` has time for a share only: every fault of the network, 10,000 sequences of calls at the arbiter, what the
// model leaves out, and every odd database.
'use strict';
process.env['LONG_TESTS'] = '1';
process.argv.push(
  'test/integration/faults',
  'test/integration/hydra/arbiter/twin',
  'test/integration/hydra/odd-databases',
  'test/unit/model/reduction',
);
require('jest').run();
