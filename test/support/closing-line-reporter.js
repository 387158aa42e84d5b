'use strict';

/** Ends a run with one plain line that any CI can read. */
module.exports = class ClosingLineReporter {
  /** @param {unknown} _contexts @param {{ numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number }} results */
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed\n`);
  }
};
