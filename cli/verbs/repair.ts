import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as repairModule from '../temporal/run-repair';
import { parseName, type Verb } from '../verb';

export const repairVerb: Verb = {
  name: 'repair',
  summary: 'bring a cutover that Temporal lost to one side',
  description: [
    'For a run that was terminated, or whose Temporal is gone: `status --from-databases` tells its id. Before the commit everything it did is taken back and blue goes on serving; after it the switchover is finished, so that green serves, and the drain is proven; a finalize that had taken the capture off blue is finished. With --finalize all is brought to its end after the commit: you looked at what each job would remove now, and it is right; they are resumed, and what is ours on green goes, so that green can be upgraded again. Works without Temporal, runs the commands of the config on this machine, and may be repeated.',
    'Refused while Temporal says that a run of the environment is under way: then `cancel` is the way, and for one that was reset to terminate it first.',
  ],
  examples: [
    'hydra-cutover repair --config hydra-cutover.yaml --cutover-id 0197a3c0-0000-7000-8000-000000000000 --by alice',
  ],
  json: {
    outcome:
      '`undone` (blue serves, nothing of it is left), `finished` (green serves; jobs are still paused) or `finalized` (green serves, all is over)',
    'steps[]': 'what was done, by the names of the steps',
  },
  exitCodes: {
    0: 'it is on one side',
    3: 'it is under way, or another cutover holds the database (CUTOVER_RUNNING); CROSSED_CONNECTION; to be finalized and not committed (CHECK_FAILED)',
    6: 'a database, target, command or RDS failed: fix that and repeat',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .requiredOption('--cutover-id <id>', 'which one, as `status --from-databases` tells', parseName)
      .requiredOption('--by <name>', 'who does it, for the log', parseName)
      .option('--finalize', 'after the commit: jobs were looked at; resume them and remove what is ours');
  },
  run: (options, context) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runRepair } = require('../temporal/run-repair') as typeof repairModule;
    return runRepair(options as unknown as repairModule.RepairVerbOptions, context);
  },
};
