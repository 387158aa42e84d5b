import { Option } from 'commander';
import { addEnvironmentOptions } from '../temporal/environment-options';
import { OUTCOME_EXIT_CODES } from '../temporal/exit-code';
import type * as reportModule from '../temporal/run-report';
import { lazily, type Verb } from '../verb';

export const reportVerb: Verb = {
  name: 'report',
  summary: 'print what the latest cutover did, or an earlier one',
  description: [
    'The report of the latest run, whatever its outcome. Of a run that was cancelled it takes a worker to answer; of all others Temporal keeps it, for as long as its retention says.',
    'Where `report.to` is set and its folder is here, it has every report, also those that Temporal no longer keeps; `history` lists the ids for `--run`.',
  ],
  examples: [
    'hydra-cutover report --config hydra-cutover.yaml --json',
    'hydra-cutover report --config hydra-cutover.yaml --format html > report.html',
  ],
  json: { report: 'see `Report` in `domain/receipts/report.ts`; it has a `schemaVersion` of its own' },
  exitCodes: {
    0: 'completed',
    ...OUTCOME_EXIT_CODES,
    3: 'refused (CHECK_FAILED), still under way (CUTOVER_RUNNING), or there is none',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--run <id>', 'cutover id of an earlier run')
      .addOption(
        new Option('--format <format>', 'how it is printed without --json')
          .choices(['text', 'markdown', 'html'])
          .default('text'),
      );
  },
  run: lazily(() => (require('../temporal/run-report') as typeof reportModule).runReport),
};
