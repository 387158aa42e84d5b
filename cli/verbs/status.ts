import { addEnvironmentOptions } from '../temporal/environment-options';
import { OUTCOME_EXIT_CODES } from '../temporal/exit-code';
import type * as statusModule from '../temporal/run-status';
import { type Verb } from '../verb';

export const statusVerb: Verb = {
  name: 'status',
  summary: 'tell where a cutover is and what it waits for',
  description: [
    'Phases with durations, steps under way with their progress, the open gate and how to answer it. Says so when no worker answers; then it shows what Temporal itself knows.',
  ],
  examples: ['hydra-cutover status --config hydra-cutover.yaml --watch'],
  json: {
    workflowId: '`cutover/<environment>`',
    runId: 'of this run',
    temporal: "Temporal's word: `RUNNING`, `COMPLETED`, `FAILED`, `CANCELED`, `TERMINATED`",
    startedAt: 'when it began',
    status: 'answer of the workflow, see `CutoverStatus` in `domain/runbook.ts`; null when no worker answers',
    report: 'of a run that ended, else null',
    phase: 'name of the phase',
    awaiting: 'the open gate, or null',
    'pending[]': 'steps under way: `name`, `attempt`, `progress`, `lastFailure`',
  },
  exitCodes: { 0: 'under way, or completed', ...OUTCOME_EXIT_CODES },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command.option('--watch', 'follow it until it ended', false);
  },
  run: (options, context) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runStatus } = require('../temporal/run-status') as typeof statusModule;
    return runStatus(options as unknown as statusModule.StatusOptions, context);
  },
};
