import { FAULTS } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { addEnvironmentOptions, type EnvironmentOptions, loadEnvironment } from '../temporal/environment-options';
import { parseName, type Verb } from '../verb';

export const enrolVerb: Verb = {
  name: 'enrol',
  summary: 'inform gateways and targets of the committed switchover',
  description: [
    "Use it for a gateway or target that is new, that lost its state, or that was made to give up an epoch that is committed. It asks both databases during this call, informs every gateway and target of the config (or the one of `--name`) which epoch is committed, and reads back what each one serves. It works until finalize, and after it as long as blue's database exists. It needs no Temporal and may be repeated.",
    "With `--forget` a person states that a silent gateway is gone for good. Such a gateway was a member at blue's arbiter and was not stopped in order; it keeps every switchover from its fence, because nothing else shows that it no longer forwards writes.",
    'A gateway with `doubt` believes it once its own arbiter says the same. The command is refused while nothing is committed or green does not take writes yet; then no gateway or target is informed.',
  ],
  examples: [
    'hydra-cutover enrol --config hydra-cutover.yaml --by alice',
    'hydra-cutover enrol --config hydra-cutover.yaml --name edge-3 --by alice --json',
  ],
  json: {
    forgotten: 'the gateway that is gone for good; the others are missing then',
    cutoverId: 'whose commit it is',
    epoch: 'the committed epoch',
    'parties[].name': 'of a gateway or target',
    'parties[].kind': '`gateway` or `target`',
    'parties[].problem': 'why it does not serve green, `CODE: message`; null when it does',
  },
  exitCodes: {
    0: 'all of them serve green under that epoch',
    2: 'no gateway or target has that name (USAGE)',
    3: 'no epoch is committed and taken up by green, or no silent gateway has the name that is to be forgotten (CHECK_FAILED); CROSSED_CONNECTION',
    6: 'one does not serve green, each with its problem; or a database whose word is needed does not answer (DB_UNREACHABLE)',
  },
  handlesSignals: false,
  whenInterrupted: 'repeat the same command: it goes on from where it is',
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--name <name>', 'only this gateway or target (default: all)', parseName)
      .option('--forget <member>', 'a silent gateway, by its name at the arbiter, that is gone for good', parseName)
      .requiredOption('--by <name>', 'who does it, for the log', parseName);
  },
  run: (options, context) => runEnrol(options as unknown as EnrolVerbOptions, context),
};

interface EnrolVerbOptions extends EnvironmentOptions {
  readonly by: string;
  readonly name?: string;
  /** A gateway that is gone for good. */
  readonly forget?: string;
}

/** @returns 0, or the exit code of TARGET_UNREACHABLE when one does not serve green @throws CutoverFault as `enrolParties` */
async function runEnrol(options: EnrolVerbOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
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
