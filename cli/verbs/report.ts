import { addEnvironmentOptions, type EnvironmentOptions } from '../temporal/environment-options';
import { OUTCOME_EXIT_CODES } from '../temporal/exit-code';
import type * as reportModule from '../temporal/run-report';
import { type Verb } from '../verb';

export const reportVerb: Verb = {
  name: 'report',
  summary: 'print what the latest cutover did',
  description: [
    'The report of the latest run, whatever its outcome. Of a run that was cancelled it takes a worker to answer; of all others Temporal keeps it.',
  ],
  examples: ['hydra-cutover report --config hydra-cutover.yaml --json'],
  json: { report: 'see `Report` in `domain/receipts.ts`; it has a `schemaVersion` of its own' },
  exitCodes: {
    0: 'completed',
    ...OUTCOME_EXIT_CODES,
    3: 'refused (CHECK_FAILED), still under way (CUTOVER_RUNNING), or there is none',
  },
  handlesSignals: false,
  addOptions: addEnvironmentOptions,
  run: (options, context) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runReport } = require('../temporal/run-report') as typeof reportModule;
    return runReport(options as unknown as EnvironmentOptions, context);
  },
};
