// The tests of which `npm test` has time for a share only: every fault of the network, and 10,000 sequences of calls at the arbiter.
'use strict';
process.env['LONG_TESTS'] = '1';
process.argv.push('test/integration/faults', 'test/integration/hydra/arbiter/twin');
require('jest').run();
