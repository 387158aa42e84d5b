import { Option } from 'commander';
import { type LogLevel } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import type * as worldCommand from '../../world/cli/world-command';
import { parsePort, type Verb } from '../verb';

export const worldVerb: Verb = {
  name: 'world',
  summary: 'start the local world of real parts and stay until Ctrl-C',
  description: [
    'Starts an RDS-compatible endpoint over real PostgreSQL clusters, Hydra on its blue side and a Temporal dev server with its UI, all on loopback, and stays in the foreground.',
    'Ctrl-C ends everything. If this process is killed, what it started is ended too, by a small helper at once and by the next start at the latest.',
  ],
  examples: ['hydra-cutover world', 'hydra-cutover world --keep --dir ./my-world --ready ./world.json'],
  json: { '(all)': 'what `--ready` writes, printed once the world is ready' },
  exitCodes: {
    0: 'ended by SIGTERM, everything is down',
    130: 'ended by Ctrl-C, everything is down',
    3: 'this machine lacks something, see `doctor`',
    6: 'a part did not start or ended by itself',
  },
  handlesSignals: true,
  addOptions: (command) => {
    command
      .option('--ready <file>', 'write addresses, pids and credentials there as JSON, once everything is ready')
      .option('--keep', 'keep the data when the world ends', false)
      .option('--dir <folder>', 'folder of the data and logs (default: a new one in the state folder)')
      .addOption(new Option('--postgres-major <major>', 'PostgreSQL of blue').choices(['15', '18']))
      .option('--temporal-port <port>', 'port of the Temporal server, 0 takes a free one', parsePort)
      .option('--ui-port <port>', 'port of the Temporal UI, 0 takes a free one', parsePort);
  },
  run: async (options) => {
    const { ready, keep, dir, json, logLevel, postgresMajor, temporalPort, uiPort } = options as {
      readonly ready?: string;
      readonly keep: boolean;
      readonly dir?: string;
      readonly json: boolean;
      readonly logLevel?: LogLevel;
      readonly postgresMajor?: '15' | '18';
      readonly temporalPort?: number;
      readonly uiPort?: number;
    };
    return loadWorld().runWorld({
      keep,
      json,
      ...(logLevel === undefined ? {} : { logLevel }),
      ...(ready === undefined ? {} : { ready }),
      ...(dir === undefined ? {} : { dir }),
      ...(postgresMajor === undefined ? {} : { postgresMajor: postgresMajor === '15' ? 15 : 18 }),
      ...(temporalPort === undefined ? {} : { temporalPort }),
      ...(uiPort === undefined ? {} : { uiPort }),
    });
  },
};

/** An installation for production may leave the folder `world/` and its dependencies out. */
function loadWorld(): typeof worldCommand {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
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
