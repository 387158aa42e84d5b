#!/usr/bin/env node
// Refuses to go on without the program of Hydra 26.2.0: nobody but its maintainers can build it.
'use strict';

const VARIABLE = 'HYDRA_26_2_0_BIN';
if ((process.env[VARIABLE] ?? '') === '') {
  process.stderr.write(
    `error TOOL_MISSING: ${VARIABLE} is not set; set it to the program of an official release or image of Hydra 26.2.0, then repeat.\n` +
      'Until then the readers of its answers are tested against recorded ones: npm test -- test/unit/adapters/hydra-api/newer-answers\n',
  );
  process.exit(3);
}
