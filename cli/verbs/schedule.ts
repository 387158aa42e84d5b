import { Argument } from 'commander';
import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as scheduleModule from '../temporal/run-schedule';
import { lazily, type Verb } from '../verb';

const ACTIONS: readonly scheduleModule.ScheduleAction[] = ['create', 'list', 'pause', 'unpause', 'trigger', 'delete'];

export const scheduleVerb: Verb = {
  name: 'schedule',
  summary: 'rehearse regularly',
  description: [
    'Keeps a Temporal schedule `rehearsal/<environment>` that rehearses the upgrade (`mode: rehearse`) as the section `schedule` of the config says. One at a time: a rehearsal is left out while another one is on, and ends at once as `skipped` while a real run of the environment is.',
    '`create` also makes an existing schedule as the config says now. Where `environment.production` is true it needs `--allow-production`: a rehearsal writes nothing to blue, but takes a snapshot of it. `list` shows the next times and the last results.',
  ],
  examples: [
    'hydra-cutover schedule create --config hydra-cutover.yaml --note "every working night"',
    'hydra-cutover schedule list --config hydra-cutover.yaml',
    'hydra-cutover schedule pause --config hydra-cutover.yaml --note "change freeze"',
    'hydra-cutover schedule trigger --config hydra-cutover.yaml',
  ],
  json: {
    action: 'as given',
    scheduleId: '`rehearsal/<environment>`',
    done: 'what happened, for people',
    'schedules[]':
      '(list) `scheduleId`, `environment`, `paused`, `note`, `next[]`, `skippedForOverlap`, `results[]` with `at`, `workflowId`, `outcome`, `reason`, `findings`',
  },
  exitCodes: {
    0: 'done',
    3: 'production without `--allow-production` (CHECK_FAILED), or there is no such schedule (SCHEDULE_UNKNOWN)',
    6: 'Temporal does not answer (TEMPORAL_UNREACHABLE)',
  },
  handlesSignals: false,
  addOptions: (command) => {
    command.addArgument(new Argument('<action>', 'what to do').choices([...ACTIONS]));
    addEnvironmentOptions(command);
    command
      .option('--note <text>', 'why; kept with the schedule (create, pause, unpause)')
      .option('--paused', 'make it, but let it wait for `unpause` (create)', false)
      .option('--allow-production', 'also where `environment.production` is true (create)', false);
  },
  run: lazily(() => (require('../temporal/run-schedule') as typeof scheduleModule).runSchedule),
};
