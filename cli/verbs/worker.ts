import type * as workerModule from '../../workers/cli';
import { addEnvironmentOptions, configFile, type EnvironmentOptions } from '../temporal/environment-options';
import { type Verb } from '../verb';

export const workerVerb: Verb = {
  name: 'worker',
  summary: 'do the work of cutovers until Ctrl-C',
  description: [
    'Polls the task queue of the config and runs the steps of this environment. Several may run at once; one that ends or is killed loses nothing, another one goes on where it stopped. A step that changes something is never done by two at a time.',
  ],
  examples: [
    'hydra-cutover worker --config hydra-cutover.yaml',
    'hydra-cutover worker --config hydra-cutover.yaml --ready ./worker.json',
    'hydra-cutover worker --config hydra-cutover.yaml --make-current',
  ],
  json: { '(none)': '`--ready` writes `pid`, `address`, `namespace`, `taskQueue`, `healthPort` and `version`' },
  exitCodes: {
    0: 'ended by SIGTERM',
    130: 'ended by Ctrl-C',
    3: 'the namespace or its search attributes are missing (CHECK_FAILED), or this Node.js is not supported (NODE_UNSUPPORTED)',
    6: 'Temporal does not answer (TEMPORAL_UNREACHABLE)',
  },
  handlesSignals: true,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command.option('--ready <file>', 'write a JSON file there once the worker polls');
    command.option('--make-current', 'with worker.versioning: new cutovers begin on this version from now on');
  },
  run: (options, context) => {
    const { ready, makeCurrent, set, ...rest } = options as unknown as EnvironmentOptions & {
      readonly ready?: string;
      readonly makeCurrent?: boolean;
    };
    const { runWorker } = require('../../workers/cli') as typeof workerModule;
    const { env, cwd, logger } = context;
    return runWorker({ env, cwd, logger, set: set ?? [], ...configFile(rest, context), ready, makeCurrent });
  },
};
