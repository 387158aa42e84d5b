import { InvalidArgumentError, Option } from 'commander';
import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as privilegesModule from '../privileges/run-privileges';
import { lazily, type Verb } from '../verb';

export const privilegesVerb: Verb = {
  name: 'privileges',
  summary: 'print the SQL and the IAM policy that the tool needs, or check them',
  description: [
    "Prints the SQL that makes the tool's roles, to be run on blue by its master user, and the IAM policy for the worker's AWS credentials: exactly what an upgrade needs, narrowed to the instances, names, tags and secrets of the config. The local world and its demo run with exactly these. Reads no secret and connects to nothing.",
    '`--revoke` prints the way out: the SQL that takes the logins and rights of these roles back, to be run on green and on blue once a cutover is finalized. With `--check` it reports whether the tool can still log in.',
    '`--check` logs in to blue, and to green where it exists, with the roles of the config and lists all that is missing, and what is more than needed. Changes nothing. IAM cannot be asked from outside: `doctor` and `plan` show what it refuses.',
  ],
  examples: [
    'hydra-cutover privileges --config hydra-cutover.yaml --sql | psql "$MASTER_DSN"',
    'hydra-cutover privileges --config hydra-cutover.yaml --iam --account 123456789012 > policy.json',
    'hydra-cutover privileges --config hydra-cutover.yaml --check',
    'hydra-cutover privileges --config hydra-cutover.yaml --revoke > revoke.sql',
  ],
  json: {
    sql: 'the script, unless `--iam` alone was asked for',
    iam: 'the policy document, unless `--sql` alone was asked for',
    'sides[].side': 'with `--check`: `blue` or `green`',
    'sides[].present': 'false when there is no such database yet',
    'sides[].findings[]': '`kind` (`missing` or `excess`), `what` and `fix`',
  },
  exitCodes: {
    0: 'printed, or nothing is missing; with --revoke --check: nobody can log in as the tool any more',
    3: 'something is missing (CHECK_FAILED); with --revoke --check: the tool can still log in',
    6: 'with --check: a database, RDS or AWS Secrets Manager does not answer or refuses (DB_UNREACHABLE, RDS_FAILED, …)',
  },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--sql', 'only the SQL')
      .addOption(
        new Option('--side <side>', 'whose server the SQL is for: green only where it is no copy of blue')
          .choices(['blue', 'green'])
          .default('blue'),
      )
      .option('--iam', 'only the IAM policy, as JSON')
      .addOption(
        new Option('--check', 'compare with the databases instead of printing').conflicts([
          'sql',
          'iam',
          'account',
          'monitoringRole',
        ]),
      )
      .addOption(
        new Option('--revoke', 'the SQL that takes it all back, for after finalize').conflicts([
          'sql',
          'iam',
          'account',
          'monitoringRole',
        ]),
      )
      .option('--account <id>', 'AWS account for the ARNs of the policy (default: any)', parseAccount)
      .option(
        '--monitoring-role <arn>',
        "role of blue's enhanced monitoring, if it has one: green gets it too",
        parseRoleArn,
      );
  },
  run: lazily(() => (require('../privileges/run-privileges') as typeof privilegesModule).runPrivileges),
};

function parseAccount(value: string): string {
  if (!/^\d{12}$/.test(value)) throw new InvalidArgumentError('Allowed: the 12 digits of an AWS account.');
  return value;
}

function parseRoleArn(value: string): string {
  if (!/^arn:[\w-]+:iam::\d{12}:role\/\S+$/.test(value)) {
    throw new InvalidArgumentError('Allowed: an ARN such as arn:aws:iam::123456789012:role/rds-monitoring.');
  }
  return value;
}
