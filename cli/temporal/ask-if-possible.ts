import { isCutoverFault } from '../../domain/faults';
import { note, type CliContext } from '../context';
import { askDatabases, type DatabasesTale } from './databases-tale';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { type Look } from './look';

/** The databases take secrets, and whoever looks may have none: then what Temporal says is all there is. */
export async function askIfPossible(
  options: EnvironmentOptions,
  context: CliContext,
  last?: Look,
): Promise<DatabasesTale | undefined> {
  try {
    return await askDatabases(loadEnvironment(options, context), context, last);
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    note(context, `the databases were not asked: ${error.message}\n`);
    return undefined;
  }
}
