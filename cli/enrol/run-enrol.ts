import { FAULTS } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { loadEnvironment, type EnvironmentOptions } from '../temporal/environment-options';

export interface EnrolVerbOptions extends EnvironmentOptions {
  readonly by: string;
  readonly name?: string;
  /** A gateway that is gone for good. */
  readonly forget?: string;
}

/** @returns 0, or the exit code of TARGET_UNREACHABLE when one does not serve green @throws CutoverFault as `enrolParties` */
export async function runEnrol(options: EnrolVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { enrolLocally, forgetLocally } = require('../../workers/cli') as typeof workerModule;
  const { logger, stdout } = context;
  const { by, name, forget } = options;
  if (forget !== undefined) {
    await forgetLocally({ config, logger, member: forget, signal: new AbortController().signal });
    logger.warn({ by, member: forget }, 'a gateway is gone for good, on the word of a person');
    if (options.json) printJson(context, { verb: 'enrol', ok: true, forgotten: forget });
    else stdout.write(`no switchover waits for ${forget} any more\n`);
    return 0;
  }
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
