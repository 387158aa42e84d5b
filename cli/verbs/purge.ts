import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as purgeModule from '../purge/run-purge';
import { parseName, type Verb } from '../verb';

export const purgeVerb: Verb = {
  name: 'purge',
  summary: "remove what a finished cutover left of people's data",
  description: [
    "Deletes the snapshot, the archives and every schema of ours on green, and what is ours on blue but its guard and the committed row: without these a Hydra or a gateway that is started by blue would write to it. Blue's rows stay, and go with its instance, which is for a person to delete. What `restore` needs is gone then.",
    'Refused before finalize, and while a gateway would start by blue: every gateway and target has to say, now, that it serves green under the committed epoch. Needs no Temporal, and may be repeated.',
  ],
  examples: [
    'hydra-cutover purge --config hydra-cutover.yaml --cutover-id 0197a3c0-0000-7000-8000-000000000000 --by alice',
  ],
  json: { 'removed[]': '`what` was removed, and `where`; empty when nothing was left' },
  exitCodes: {
    0: 'nothing of ours is left but what refuses writes to blue',
    3: 'it is not finalized, or a schema of our names is not ours (CHECK_FAILED)',
    6: 'a gateway or target does not serve green, or does not say so (TARGET_FELL_BACK, TARGET_UNREACHABLE); a database or RDS does not answer',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .requiredOption('--cutover-id <id>', 'which one, as `report` and `status --from-databases` tell', parseName)
      .requiredOption('--by <name>', 'who does it, for the log', parseName);
  },
  run: (options, context) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runPurge } = require('../purge/run-purge') as typeof purgeModule;
    return runPurge(options as unknown as purgeModule.PurgeVerbOptions, context);
  },
};
