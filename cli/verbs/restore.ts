import { FAULTS } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { addEnvironmentOptions, type EnvironmentOptions, loadEnvironment } from '../temporal/environment-options';
import { parseName, type Verb } from '../verb';

export const restoreVerb: Verb = {
  name: 'restore',
  summary: 'bring rows back on green that a cleaning rule removed',
  description: [
    'Puts every row that the rule removed back into the table of the same name on green, one by one, in one transaction. A row that cannot be put back (its key is taken, or green lacks its client) is reported by table and left out: create the client again, for example, and repeat.',
    'The rows come from the archive on green. Where that has keys and hashes alone (`retention.archive`), they come from blue, and only those that are as they were when they were cleaned. Needs no Temporal.',
  ],
  examples: [
    'hydra-cutover restore --config hydra-cutover.yaml --rule F01 --dry-run --by alice',
    'hydra-cutover restore --config hydra-cutover.yaml --rule F01 --by alice',
  ],
  json: {
    archive: 'the table that says what the rule removed',
    removed: 'how many rows the rule removed',
    restored: 'rows that are on green again, by table; with `--dry-run` those that would be',
    'conflicts[]': '`table`, `rows` and `why`: what did not come back',
  },
  exitCodes: {
    0: 'all rows are on green again, or could be',
    3: 'some are not: each with its reason; no such rule or archive (CHECK_FAILED)',
    6: 'a database or RDS does not answer (DB_UNREACHABLE, RDS_UNREACHABLE)',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .requiredOption('--rule <id>', 'which rule, as the plan and the report name it', parseName)
      .option('--cutover-id <id>', 'whose archive, where there are several', parseName)
      .option('--dry-run', 'show what would come back, and change nothing')
      .requiredOption('--by <name>', 'who does it, for the log', parseName);
  },
  run: (options, context) => runRestore(options as unknown as RestoreVerbOptions, context),
};

interface RestoreVerbOptions extends EnvironmentOptions {
  readonly rule: string;
  readonly cutoverId?: string;
  readonly dryRun?: boolean;
  readonly by: string;
}

/** @returns 0, or the exit code of CHECK_FAILED when a row did not come back @throws CutoverFault as `restoreRule` */
async function runRestore(options: RestoreVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
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
