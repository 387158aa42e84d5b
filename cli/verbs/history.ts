import { InvalidArgumentError } from 'commander';
import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as historyModule from '../temporal/run-history';
import { lazily, type Verb } from '../verb';

const LIMIT_MAX = 200;

export const historyVerb: Verb = {
  name: 'history',
  summary: 'list earlier runs with their durations',
  description: [
    'Runs of this environment that ended, rehearsals too, the latest first: mode, outcome, when, and how long each phase took. They are what predictions are made of, and Temporal keeps them for as long as the retention of its namespace says; where `report.to` is set and its folder is here, what was written there stays.',
  ],
  examples: ['hydra-cutover history --config hydra-cutover.yaml --limit 5'],
  json: {
    environment: 'of the config',
    'runs[]':
      '`workflowId`, `runId`, `file` (of a kept report, else null), `cutoverId`, `mode`, `outcome` (null: ended by force), `startedAt`, `endedAt`, `findings`, `phases[]` with `name`, `durationMs`, `predictedMs`',
  },
  exitCodes: {
    0: 'listed',
    3: 'Temporal refuses: no such namespace, or search attributes are missing (CHECK_FAILED)',
    6: 'Temporal does not answer (TEMPORAL_UNREACHABLE)',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command.option('--limit <count>', `how many, at most ${LIMIT_MAX}`, parseLimit, 20);
  },
  run: lazily(() => (require('../temporal/run-history') as typeof historyModule).runHistory),
};

function parseLimit(value: string): number {
  const limit = Number(value);
  if (!/^\d{1,3}$/.test(value) || limit < 1 || limit > LIMIT_MAX) {
    throw new InvalidArgumentError(`Allowed: 1 to ${LIMIT_MAX}.`);
  }
  return limit;
}
