import { addEnvironmentOptions } from '../temporal/environment-options';
import { WAITING_EXIT_CODES } from '../temporal/exit-code';
import type * as statusModule from '../temporal/run-status';
import { lazily, parseWait, type Verb } from '../verb';

export const statusVerb: Verb = {
  name: 'status',
  summary: 'show where a cutover is and what it waits for',
  description: [
    'Shows the phases with their durations, the steps under way with their progress, the open gate and how to answer it. When no worker answers, it says so, names who polled the task queue last, and shows what Temporal itself knows.',
    'It adds what the databases and RDS report when Temporal cannot know all of it: Temporal does not answer, knows no such cutover, or the run was terminated or reset. `--from-databases` asks only the databases, RDS and the gateways: which side may write, how far the cutover came, what is left of it, which gateways are listed and which are members, and what to do.',
    '`--watch` is one screen that is drawn anew on a terminal, with percent and time left where a step reports them, and elsewhere one line for each change. With `--json` each change is one object in a line of its own; the last one is the result.',
  ],
  examples: [
    'hydra-cutover status --config hydra-cutover.yaml --watch',
    'hydra-cutover status --config hydra-cutover.yaml --watch --json --timeout 2h',
    'hydra-cutover status --config hydra-cutover.yaml --from-databases',
  ],
  json: {
    workflowId: '`cutover/<environment>`',
    runId: 'of this run',
    temporal: "Temporal's word: `RUNNING`, `COMPLETED`, `FAILED`, `CANCELED`, `TERMINATED`",
    startedAt: 'when it began',
    status: 'answer of the workflow, see `CutoverStatus` in `domain/runbook.ts`; null when no worker answers',
    report: 'of a run that ended, else null',
    phase: 'name of the phase',
    awaiting: 'the open gate, or null',
    cancelRequested: 'whether somebody asked for its end',
    wasReset: 'whether an earlier run of it was reset',
    workers: 'when no worker answers: `taskQueue`, `polled`, `lastPolledAt`, `version`, `versionsPolled[]`; else null',
    fault: 'why Temporal cannot answer: `code`, `message`',
    databases:
      'what the databases report, else null: `cutoverId`, `phase`, `writes`, `traces[]`, `next[]`, `isKnown`, `isTouched`, `isCommitted`, `isFinalized` (missing: it is not known to be)',
    'pending[]':
      'steps under way: `name`, `attempt`, `progress`, `percent`, `leftMs` (about; null: not known), `lastFailure`',
  },
  exitCodes: { 0: 'under way, or completed', ...WAITING_EXIT_CODES },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--watch', 'follow it until it ends', false)
      .option('--timeout <time>', 'of --watch: stop waiting after that (90s, 15m, 2h)', parseWait)
      .option('--from-databases', 'ask only the databases and RDS, not Temporal', false);
  },
  run: lazily(() => (require('../temporal/run-status') as typeof statusModule).runStatus),
};
