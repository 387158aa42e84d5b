import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { loadEnvironment, type EnvironmentOptions } from '../temporal/environment-options';

export interface PurgeVerbOptions extends EnvironmentOptions {
  readonly cutoverId: string;
  readonly by: string;
}

/** @throws CutoverFault as `purge` */
export async function runPurge(options: PurgeVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
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
