import { type Command, Option } from 'commander';
import { type BrakeMessage } from '../../domain/brake';
import { type CliContext } from '../context';
import { parseName, parseNote, type Verb } from '../verb';
import { addEnvironmentOptions } from './environment-options';
import type * as brakeModule from './run-brake';

/** What `pause` and `resume` share. */
export function brakeVerb(
  verb: Pick<Verb, 'name' | 'summary' | 'description' | 'examples'> & {
    readonly addOptions?: (command: Command) => void;
    readonly changeOf: (options: Readonly<Record<string, unknown>>) => Pick<BrakeMessage, 'paused' | 'rowsPerSecond'>;
  },
): Verb {
  return {
    name: verb.name,
    summary: verb.summary,
    description: [
      ...verb.description,
      'It is the Update `brake` of the workflow, as in the Temporal UI, and holds until it is changed. `status` shows it. The switchover itself is never slowed.',
    ],
    examples: verb.examples,
    json: {
      recorded: 'false with `--signal`: see `status`',
      brake: 'paused, rowsPerSecond, by, at; null with `--signal`',
    },
    exitCodes: {
      0: 'recorded',
      2: 'the message is not one (DECISION_INVALID)',
      3: 'there is no such cutover or namespace (CUTOVER_UNKNOWN, CHECK_FAILED)',
      6: 'Temporal or the worker does not answer (TEMPORAL_UNREACHABLE, NO_WORKER)',
    },
    handlesSignals: false,
    addOptions: (command) => {
      addEnvironmentOptions(command);
      command
        .requiredOption('--by <name>', 'who asks for it', parseName)
        .option('--note <text>', 'why', parseNote)
        .addOption(new Option('--signal', 'do not wait for an answer').default(false));
      verb.addOptions?.(command);
    },
    run: (options: Readonly<Record<string, unknown>>, context: CliContext) => {
      const { runBrake } = require('./run-brake') as typeof brakeModule;
      return runBrake(verb.name, verb.changeOf(options), options as unknown as brakeModule.BrakeOptions, context);
    },
  };
}
