import { Option } from 'commander';
import { MODES } from '../../domain/runbook';
import { addEnvironmentOptions } from '../temporal/environment-options';
import { WAITING_EXIT_CODES } from '../temporal/exit-code';
import type * as startModule from '../temporal/run-start';
import { lazily, parseName, parseNote, parseWait, type Verb } from '../verb';

export const startVerb: Verb = {
  name: 'start',
  summary: 'begin the upgrade of an environment',
  description: [
    'Starts the workflow `upgradeHydra` with the id `cutover/<environment>`: one at a time. It goes on by itself to gate `plan`; nothing is changed before somebody approves there.',
    '`--in-place` starts the workflow `upgradeInPlace` under the same id, where the config has a section `inPlace`: blue is taken to `blue.hydraVersion` on its own database while it serves. Everything up to gate `finalize` can go back to the old version.',
    'The same from the Temporal UI: workflow type `upgradeHydra`, that id, the task queue of the config, and `{"environment":"<environment>","by":"<you>"}` as input.',
    '`--mode rehearse` does everything up to the switchover on a copy, writes nothing to blue, asks nobody (unless `rehearsal.gatePlan` says so) and takes down what it made. It completes with its findings; it fails only if a step breaks.',
    '`--mode drill` does all that a real run does, gates included, where the config allows it (`environment.allowsDrill`, never in production). The writes stay on green: there is no way back yet.',
  ],
  examples: [
    'hydra-cutover start --config hydra-cutover.yaml --in-place --by alice@example.org',
    'hydra-cutover start --config hydra-cutover.yaml --by alice@example.org',
    'hydra-cutover start --config hydra-cutover.yaml --wait --note "change 4711"',
    'hydra-cutover start --config hydra-cutover.yaml --mode rehearse --wait',
  ],
  json: {
    workflowId: '`cutover/<environment>`',
    runId: 'of this run',
    taskQueue: 'where a worker must poll',
    workerAnswers: 'false: start a worker',
    '(with --wait)': 'what `status --json` prints, at the end',
  },
  exitCodes: {
    0: 'started; with --wait: completed or rehearsed, whatever was found',
    ...WAITING_EXIT_CODES,
    3: 'another cutover is under way, or the last one left something that a new one would hide (CUTOVER_RUNNING); the config is not that of `--config-digest`, or with --wait a check refused (CHECK_FAILED)',
  },
  handlesSignals: false,
  whenInterrupted: 'a run that was started goes on: `hydra-cutover status` shows it, `hydra-cutover cancel` ends it',
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option(
        '--in-place',
        "the step before the upgrade: blue's own database to `blue.hydraVersion`, while it serves",
        false,
      )
      .addOption(new Option('--mode <mode>', 'what to do').choices([...MODES]).default('real'))
      .option('--by <name>', 'who starts; a claim, for the report (default: the login name)', parseName)
      .option('--note <text>', 'for the report', parseNote)
      .option('--config-digest <digest>', 'as `plan` printed it; refused when the config has changed since')
      .option('--wait', 'wait until it ends or a person is needed at gate intervene', false)
      .option('--timeout <time>', 'of --wait: stop waiting after that (90s, 15m, 2h); the run goes on', parseWait);
  },
  run: lazily(() => (require('../temporal/run-start') as typeof startModule).runStart),
};
