'use strict';
const Sequencer = require('@jest/test-sequencer').default;

/**
 * What takes longest of all, in that order. Jest knows it by itself from the second run on; in a fresh clone it begins with the largest
 * files, and one of these would run last with nothing beside it.
 */
const LONGEST = [
  'e2e/upgrade.test.ts',
  'docs/commands.test.ts',
  'e2e/temporal-ui.test.ts',
  'workflows/matrix/matrix.test.ts',
  'e2e/upgrade-from-2-2-0.test.ts',
  'faults/network.test.ts',
  'e2e/matrix.test.ts',
  'activities/steps.test.ts',
  'cli/cutover.test.ts',
  'e2e/world.test.ts',
  'gateway/gateways-at-each-arrow.test.ts',
  'activities/green.test.ts',
  'faults/frozen-worker.test.ts',
];

module.exports = class LongestFirst extends Sequencer {
  /** @param {{ path: string }[]} tests */
  sort(tests) {
    const rank = (/** @type {{ path: string }} */ { path }) => {
      const at = LONGEST.findIndex((end) => path.endsWith(`/${end}`));
      return at === -1 ? LONGEST.length : at;
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
