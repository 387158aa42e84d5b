import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as cancelModule from '../temporal/run-cancel';
import { lazily, parseName, parseNote, type Verb } from '../verb';

export const cancelVerb: Verb = {
  name: 'cancel',
  summary: 'end a cutover and undo what it did',
  description: [
    'Asks Temporal to cancel the workflow, as its UI does. Before the commit everything is undone and blue goes on serving. After it gate `intervene` opens. Never terminate or reset a cutover: both skip the undo.',
    'Who asked and why is kept: `status`, Current Details and the report show it. `--by` is a claim.',
  ],
  examples: [
    'hydra-cutover cancel --config hydra-cutover.yaml --by bob@example.org --note "a deployment came between"',
  ],
  json: {
    workflowId: '`cutover/<environment>`',
    state: '`cancel_requested`, or `already_<state>`',
    committed: 'true: there is no way back; null: no worker answers',
  },
  exitCodes: {
    0: 'requested, or it has ended already',
    3: 'there is no such cutover or no such namespace (CUTOVER_UNKNOWN, CHECK_FAILED)',
    6: 'Temporal does not answer (TEMPORAL_UNREACHABLE)',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--by <name>', 'who cancels; a claim, for the report (default: the login name)', parseName)
      .option('--note <text>', 'why; for the report', parseNote);
  },
  run: lazily(() => (require('../temporal/run-cancel') as typeof cancelModule).runCancel),
};
