import { InvalidArgumentError } from 'commander';
import { SKIPPABLE_STEPS } from '../../domain/runbooks/skips';
import { addEnvironmentOptions } from '../temporal/environment-options';
import type * as repairModule from '../temporal/run-repair';
import { collect, lazily, parseName, type Verb } from '../verb';

export const repairVerb: Verb = {
  name: 'repair',
  summary: 'bring a cutover that Temporal lost to one side',
  description: [
    'For a run that was terminated, or whose Temporal is gone. `status --from-databases` shows its id. Before the commit everything it did is taken back and blue goes on serving; after it the switchover is finished, so that green serves, and the drain is proven; a finalize that had taken the capture off blue is finished. Use --finalize after the commit, once you have checked what each job would remove now: it resumes the jobs and removes what this tool made on green, so that green can be upgraded again. Where something may have gone around the fence of blue (FENCE_UNPROVEN), the tables concerned are carried and compared first, however long it takes; with --open-unproven green opens without it, and nobody can say that nothing was lost. A step that fails stops the repair. With --skip it goes on without that step, as `skip` does at gate `intervene`, and prints what is left behind. After the commit there is no way back, so repair waits for a target or gateway that does not answer; a line that begins with `waits:` names it. Repair works without Temporal, runs the commands of the config on this machine, and may be repeated.',
    'Repair is refused while Temporal says that a run of the environment is under way. Then use `cancel`; terminate a run that was reset first.',
  ],
  examples: [
    'hydra-cutover repair --config hydra-cutover.yaml --cutover-id 0197a3c0-0000-7000-8000-000000000000 --by alice',
  ],
  json: {
    outcome:
      '`undone` (blue serves, and nothing is left but what was skipped), `finished` (green serves; jobs are still paused) or `finalized` (green serves, all is over)',
    'steps[]': 'what was done, by the names of the steps',
    'skipped[]': '`step`, `code` and `message`: what failed and was skipped',
  },
  exitCodes: {
    0: 'the cutover is on one side: undone, or switched over',
    3: 'it is under way, or another cutover holds the database (CUTOVER_RUNNING); CROSSED_CONNECTION; to be finalized or opened, and not committed (CHECK_FAILED)',
    5: 'something may have gone around the fence of blue, and could not be carried (FENCE_UNPROVEN); a step that takes it back was skipped (UNDO_INCOMPLETE)',
    6: 'a database, target, command or RDS failed: fix that and repeat',
  },
  handlesSignals: false,
  whenInterrupted: 'repeat the same command: it goes on from where it is',
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .requiredOption('--cutover-id <id>', 'which cutover, as `status --from-databases` shows it', parseName)
      .requiredOption('--by <name>', 'who does it, for the log', parseName)
      .option(
        '--finalize',
        'after the commit, once you checked what jobs would remove: resume them and remove what this tool made',
      )
      .option('--open-unproven', 'after FENCE_UNPROVEN: open green without the proof that nothing was lost')
      .option(
        '--skip <step>',
        `go on where this step fails: ${SKIPPABLE_STEPS.join(', ')}; may be repeated`,
        (value: string, earlier?: readonly string[]) => collect(parseStep(value), earlier),
      );
  },
  run: lazily(() => (require('../temporal/run-repair') as typeof repairModule).runRepair),
};

function parseStep(value: string): string {
  if ((SKIPPABLE_STEPS as readonly string[]).includes(value)) return value;
  throw new InvalidArgumentError(`Allowed: ${SKIPPABLE_STEPS.join(', ')}.`);
}
