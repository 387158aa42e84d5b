import { Argument, Option } from 'commander';
import { type LogLevel } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import { POSTGRES_MAJORS } from '../../domain/postgres-majors';
import type * as worldCommand from '../../world/cli/world-command';
import { type CliContext } from '../context';
import { parsePort, type Verb } from '../verb';

export const worldVerb: Verb = {
  name: 'world',
  summary: 'start the local world of real parts and stay until Ctrl-C',
  description: [
    'Starts an RDS-compatible endpoint over real PostgreSQL clusters, Hydra on its blue side and a Temporal dev server with its UI, all on loopback, and stays in the foreground.',
    'Ctrl-C ends everything. If this process is killed, what it started is ended too, by a small helper at once and by the next start at the latest.',
    'A part that dies is started again, on the same ports and the same state. `break` kills one and keeps it away until `mend`, from a second terminal: of the world in `--dir`, or of the one that was started last. Parts are `worker`, `gateway`, `policy-service`, `resource-api`, `login-app`, `blue-hydra`, `temporal` and `rds`.',
  ],
  examples: [
    'hydra-cutover world',
    'hydra-cutover world --keep --dir ./my-world --ready ./world.json',
    'hydra-cutover world break gateway',
    'hydra-cutover world mend gateway',
  ],
  json: {
    '(all)': 'what `--ready` writes, printed once the world is ready',
    'part, away, changed, runDir': 'of `break` and `mend`',
  },
  exitCodes: {
    0: 'ended by SIGTERM, everything is down; broken or mended, also if it was already',
    130: 'ended by Ctrl-C, everything is down',
    2: 'the world has no part of this name; the message lists those that there are',
    3: 'this machine lacks something, see `doctor`; no world is up whose part could be broken',
    6: 'a part did not start',
  },
  handlesSignals: true,
  addOptions: (command) => {
    command
      .addArgument(new Argument('[action]', 'change a part of a world that is up').choices(['break', 'mend']))
      .argument('[part]', 'which one')
      .option('--ready <file>', 'write addresses, pids and credentials there as JSON, once everything is ready')
      .option('--keep', 'keep the data when the world ends', false)
      .option('--dir <folder>', 'folder of the data and logs (default: a new one in the state folder)')
      .addOption(new Option('--postgres-major <major>', 'PostgreSQL of blue').choices(POSTGRES_MAJORS.map(String)))
      .option('--temporal-port <port>', 'port of the Temporal server, 0 takes a free one', parsePort)
      .option('--ui-port <port>', 'port of the Temporal UI, 0 takes a free one', parsePort);
  },
  run: async (options, context) => {
    const { action, part } = options as { readonly action?: 'break' | 'mend'; readonly part?: string };
    if (action !== undefined) return changePart(action, part, options, context);
    const { ready, keep, dir, json, logLevel, postgresMajor, temporalPort, uiPort } = options as {
      readonly ready?: string;
      readonly keep: boolean;
      readonly dir?: string;
      readonly json: boolean;
      readonly logLevel?: LogLevel;
      readonly postgresMajor?: string;
      readonly temporalPort?: number;
      readonly uiPort?: number;
    };
    return loadWorld().runWorld({
      ...{ keep, json, logLevel, ready, dir, temporalPort, uiPort },
      postgresMajor: POSTGRES_MAJORS.find((major) => String(major) === postgresMajor),
    });
  },
};

async function changePart(
  action: 'break' | 'mend',
  part: string | undefined,
  options: Readonly<Record<string, unknown>>,
  { stdout, env }: CliContext,
): Promise<number> {
  if (part === undefined) throw new CutoverFault('USAGE', `\`world ${action}\` wants the name of a part`);
  const { dir, json } = options as { readonly dir?: string; readonly json: boolean };
  const { changed, runDir } = await loadWorld().changePart({ action, name: part, env, dir });
  const away = action === 'break';
  if (json) stdout.write(`${JSON.stringify({ part, away, changed, runDir })}\n`);
  else if (away) stdout.write(`${part} is away${changed ? '' : ' already'}; \`world mend ${part}\` starts it again\n`);
  else stdout.write(`${part} runs${changed ? ' again' : ' already'}\n`);
  return 0;
}

/** An installation for production may leave the folder `world/` and its dependencies out. */
function loadWorld(): typeof worldCommand {
  try {
    return require('../../world/cli/world-command') as typeof worldCommand;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new CutoverFault(
      'TOOL_MISSING',
      'the local world is not part of this installation; run it from a clone of the repository, with its development dependencies',
      {},
      error,
    );
  }
}
