import { type Command } from 'commander';
import { type Config } from '../../config/schema';
import type * as loadModule from '../../config/load';
import { type CliContext } from '../context';
import { collect } from '../verb';

/** Options of every verb that needs the config of an environment. */
export interface EnvironmentOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json: boolean;
}

export function addEnvironmentOptions(command: Command): void {
  command
    .option('--config <file>', 'config of the environment (default: HYDRA_CUTOVER_CONFIG)')
    .option('--set <path=value>', 'override one value of the config; may be repeated', collect);
}

export function configFile(options: EnvironmentOptions, context: CliContext): { readonly file?: string } {
  const file = options.config ?? context.env.HYDRA_CUTOVER_CONFIG;
  return file === undefined ? {} : { file };
}

/** @throws CutoverFault CONFIG_INVALID | CONFIG_UNREADABLE */
export function loadEnvironment(options: EnvironmentOptions, context: CliContext): Config {
  return load(options, context, false);
}

/**
 * As {@link loadEnvironment}, for what talks to Temporal alone: no secret of production has to be there.
 * @throws CutoverFault CONFIG_INVALID | CONFIG_UNREADABLE
 */
export function loadForTemporal(options: EnvironmentOptions, context: CliContext): Config {
  return load(options, context, "all but Temporal's");
}

function load(
  options: EnvironmentOptions,
  context: CliContext,
  unreadSecrets: NonNullable<loadModule.LoadOptions['unreadSecrets']>,
): Config {
  // zod takes a while to load; `--help` need not wait for it.
  const { loadConfig } = require('../../config/load') as typeof loadModule;
  const { env, cwd } = context;
  return loadConfig({ env, cwd, set: options.set ?? [], unreadSecrets, ...configFile(options, context) });
}
