import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { addEnvironmentOptions, type EnvironmentOptions, loadEnvironment } from '../temporal/environment-options';
import { parseName, type Verb } from '../verb';

export const purgeVerb: Verb = {
  name: 'purge',
  summary: "remove what a finished cutover left of people's data",
  description: [
    "Deletes the snapshot, the archives, every schema of this tool on green, and all that this tool made on blue except the guard and the committed row: without these two, a Hydra or gateway that is started against blue would write to it. Blue's rows stay until a person deletes its instance. `restore` is not possible afterwards.",
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
  whenInterrupted: 'repeat the same command: it goes on from where it is',
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .requiredOption(
        '--cutover-id <id>',
        'which cutover, as `report` and `status --from-databases` show it',
        parseName,
      )
      .requiredOption('--by <name>', 'who does it, for the log', parseName);
  },
  run: (options, context) => runPurge(options as unknown as PurgeVerbOptions, context),
};

interface PurgeVerbOptions extends EnvironmentOptions {
  readonly cutoverId: string;
  readonly by: string;
}

/** @throws CutoverFault as `purge` */
async function runPurge(options: PurgeVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  const { purgeLocally } = require('../../workers/cli') as typeof workerModule;
  const { logger, stdout } = context;
  const { cutoverId, by } = options;
  const { removed } = await purgeLocally({ config, logger, cutoverId, signal: new AbortController().signal });
  logger.info({ cutoverId, by, removed }, 'what a cutover left was removed');
  if (options.json) printJson(context, { verb: 'purge', ok: true, removed });
  else {
    for (const { what, where } of removed) stdout.write(`removed: ${what} (${where})\n`);
    stdout.write("left: blue's guard and the committed row, for as long as its database exists\n");
  }
  return 0;
}
