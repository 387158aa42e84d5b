import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as planModule from '../temporal/run-plan';
import { lazily, type Verb } from '../verb';

export const planVerb: Verb = {
  name: 'plan',
  summary: 'check both sides and print what an upgrade would do',
  description: [
    'Runs the checks that a cutover begins with, all of them, in this process and without Temporal, and prints the plan or every problem. Changes nothing.',
    "`--in-place` plans the step before: what the new version's own `migrate sql` would do is watched on the scratch database, and nothing else is changed.",
    '`--mail` prints, instead of the plan, the mail to clients and admins: what changes for them, made of the differences that the code declares and of the client ids that the gateways saw. What only you know stands in square brackets.',
  ],
  examples: [
    'hydra-cutover plan --config hydra-cutover.yaml',
    'hydra-cutover plan --config hydra-cutover.yaml --mail > mail.txt',
    'hydra-cutover plan --config hydra-cutover.yaml --in-place',
  ],
  json: {
    plan: 'steps with their undo, rows that will be cleaned, warnings, `configDigest`; see `Plan` in `domain/receipts/plan.ts`',
    '(with --in-place)': '`inPlace` instead: see `InPlacePlan` in `domain/in-place/receipts.ts`',
  },
  exitCodes: {
    0: 'an upgrade can begin',
    3: 'a check refused; all problems are listed (CHECK_FAILED)',
    6: 'AWS Secrets Manager does not give a password (SECRET_UNUSABLE, SECRETS_UNREACHABLE)',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--in-place', "the step before the upgrade, on blue's own database", false)
      .option('--mail', 'print what clients and admins will notice, to be sent to them', false);
  },
  run: lazily(() => (require('../temporal/run-plan') as typeof planModule).runPlan),
};
