import { addEnvironmentOptions, type EnvironmentOptions } from '../temporal/environment-options';
import type * as cancelModule from '../temporal/run-cancel';
import { type Verb } from '../verb';

export const cancelVerb: Verb = {
  name: 'cancel',
  summary: 'end a cutover and undo what it did',
  description: [
    'Asks Temporal to cancel the workflow, as its UI does. Before the commit everything is undone and blue goes on serving. Behind it gate `intervene` opens. Never terminate or reset a cutover: both skip the undo.',
  ],
  examples: ['hydra-cutover cancel --config hydra-cutover.yaml'],
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
  addOptions: addEnvironmentOptions,
  run: (options, context) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runCancel } = require('../temporal/run-cancel') as typeof cancelModule;
    return runCancel(options as unknown as EnvironmentOptions, context);
  },
};
