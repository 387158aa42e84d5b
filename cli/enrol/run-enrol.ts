import { FAULTS } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { loadEnvironment, type EnvironmentOptions } from '../temporal/environment-options';

export interface EnrolVerbOptions extends EnvironmentOptions {
  readonly by: string;
  readonly name?: string;
}

/** @returns 0, or the exit code of TARGET_UNREACHABLE when one does not serve green @throws CutoverFault as `enrolParties` */
export async function runEnrol(options: EnrolVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { enrolLocally } = require('../../workers/cli') as typeof workerModule;
  const { logger, stdout } = context;
  const { by, name } = options;
  const { cutoverId, epoch, parties } = await enrolLocally({
    ...{ config, logger, name },
    signal: new AbortController().signal,
  });
  const left = parties.filter(({ problem }) => problem !== null);
  logger.info(
    { cutoverId, epoch, by, told: parties.length - left.length, left: left.length },
    'told what is committed',
  );
  if (options.json) printJson(context, { verb: 'enrol', ok: left.length === 0, cutoverId, epoch, parties });
  else {
    stdout.write(`epoch ${epoch} of cutover ${cutoverId} is committed, and green takes the writes\n`);
    for (const party of parties) stdout.write(`  ${party.kind} ${party.name}: ${party.problem ?? 'serves green'}\n`);
  }
  return left.length === 0 ? 0 : FAULTS.TARGET_UNREACHABLE.exitCode;
}
