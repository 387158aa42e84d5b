import { collect, type Verb } from '../verb';
import type * as doctorModule from '../doctor/run-doctor';

export const doctorVerb: Verb = {
  name: 'doctor',
  summary: 'check this machine, or with --config a whole environment',
  description: [
    'Without a config: checks that this machine can run the local world. With `--config` (or `HYDRA_CUTOVER_CONFIG`): lists every problem of the config, then connects to Temporal, RDS, both databases, both Hydras, the gateways, and asks each target and each job.',
    'Runs all checks, each with a deadline of its own, and changes nothing.',
  ],
  examples: [
    'hydra-cutover doctor',
    'hydra-cutover doctor --config hydra-cutover.yaml',
    'hydra-cutover doctor --config hydra-cutover.yaml --set checks.timeoutMs=30000 --json',
  ],
  json: {
    verb: '`doctor`',
    subject: '`machine` or `environment`',
    ok: 'false when a check failed',
    'checks[].id': 'name of the check, stable',
    'checks[].title': 'the same for people',
    'checks[].status': '`ok`, `info`, `warn` or `fail`',
    'checks[].summary': 'what was found',
    'checks[].fix': 'what to do, where there is something to do',
    'checks[].durationMs': 'how long it took',
    'problems[]': 'problems of the config, each with `path`, `at`, `what` and `fix`',
  },
  exitCodes: { 0: 'no check failed; there may be warnings', 3: 'a check failed (CHECK_FAILED)' },
  handlesSignals: false,
  addOptions: (command) => {
    command
      .option('--config <file>', 'config to check; see the config reference')
      .option('--set <path=value>', 'override one value of the config; may be repeated', collect);
  },
  run: (options, context) => {
    const { config, set, json } = options as {
      readonly config?: string;
      readonly set?: readonly string[];
      readonly json: boolean;
    };
    // The clients of Temporal and AWS take most of a second to load.
    const { runDoctor } = require('../doctor/run-doctor') as typeof doctorModule;
    const file = config ?? context.env.HYDRA_CUTOVER_CONFIG;
    return runDoctor({ json, set: set ?? [], file }, context);
  },
};
