import { Option } from 'commander';
import { type Gate } from '../../domain/runbook';
import { type CliContext } from '../context';
import { parseName, parseNote, type Verb } from '../verb';
import { addEnvironmentOptions } from './environment-options';
import type * as decideModule from './run-decide';

type DecideOptions = decideModule.DecideOptions;

/** What `approve` and `reject` share. */
export function decisionVerb(
  verb: Pick<Verb, 'name' | 'summary' | 'description' | 'examples' | 'addOptions'> & {
    readonly gates: readonly Gate[];
    /** @throws CutoverFault USAGE */
    readonly decisionOf: (options: Readonly<Record<string, unknown>>) => DecideOptions['decision'];
  },
): Verb {
  return {
    name: verb.name,
    summary: verb.summary,
    description: [
      ...verb.description,
      'A decision is the Update `decide` of the workflow, as in the Temporal UI. `--by` is a claim and is treated as one. Without an answer of a worker nothing is recorded; `--signal` leaves the decision with Temporal until a worker is there.',
    ],
    examples: verb.examples,
    json: {
      gate: 'the gate',
      decision: 'what was decided',
      recorded: 'false with `--signal`: see `status`',
    },
    exitCodes: {
      0: 'recorded',
      2: 'the decision is not one of this gate, lacks its question or note, or is by the wrong person (DECISION_INVALID)',
      3: 'the gate is not open, or there is no such cutover or namespace (GATE_NOT_OPEN, CUTOVER_UNKNOWN, CHECK_FAILED)',
      6: 'Temporal or the worker does not answer (TEMPORAL_UNREACHABLE, NO_WORKER)',
    },
    handlesSignals: false,
    addOptions: (command) => {
      addEnvironmentOptions(command);
      command
        .addOption(new Option('--gate <gate>', 'which gate').choices([...verb.gates]).makeOptionMandatory())
        .requiredOption('--by <name>', 'who decides', parseName)
        .option('--note <text>', 'why; the decisions `skip` and `give_up` need it', parseNote)
        .option(
          '--question <id>',
          'the question that was read, as `status` shows it; refused when another one is open. Gate cutover is not approved without it',
        )
        .option('--signal', 'do not wait for an answer', false);
      verb.addOptions(command);
    },
    run: (options: Readonly<Record<string, unknown>>, context: CliContext) => {
      const decision = verb.decisionOf(options);
      const { runDecide } = require('./run-decide') as typeof decideModule;
      return runDecide(verb.name, { ...(options as unknown as DecideOptions), decision }, context);
    },
  };
}
