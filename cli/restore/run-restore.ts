import { FAULTS } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { loadEnvironment, type EnvironmentOptions } from '../temporal/environment-options';

export interface RestoreVerbOptions extends EnvironmentOptions {
  readonly rule: string;
  readonly cutoverId?: string;
  readonly dryRun?: boolean;
  readonly by: string;
}

/** @returns 0, or the exit code of CHECK_FAILED when a row did not come back @throws CutoverFault as `restoreRule` */
export async function runRestore(options: RestoreVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { restoreLocally } = require('../../workers/cli') as typeof workerModule;
  const { logger, stdout } = context;
  const { rule, cutoverId, by, dryRun: isDry = false } = options;
  const receipt = await restoreLocally({
    ...{ config, logger, rule, cutoverId, isDry },
    signal: new AbortController().signal,
  });
  const { archive, removed, restored, conflicts } = receipt;
  logger.info({ rule, by, isDry, archive, removed, restored, conflicts }, 'rows of a rule were put back');
  if (options.json) printJson(context, { verb: 'restore', ok: conflicts.length === 0, ...receipt });
  else {
    stdout.write(`rule ${rule} removed ${removed} rows (${archive})\n`);
    const done = isDry ? 'would be on green again' : 'are on green again';
    for (const [table, rows] of Object.entries(restored)) stdout.write(`  ${table}: ${rows} ${done}\n`);
    for (const { table, rows, why } of conflicts) stdout.write(`  ${table}: ${rows} not: ${why}\n`);
  }
  return conflicts.length === 0 ? 0 : FAULTS.CHECK_FAILED.exitCode;
}
