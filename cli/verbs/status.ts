import { addEnvironmentOptions } from '../temporal/environment-options';
import { WAITING_EXIT_CODES } from '../temporal/exit-code';
import type * as statusModule from '../temporal/run-status';
import { lazily, parseWait, type Verb } from '../verb';

export const statusVerb: Verb = {
  name: 'status',
  summary: 'tell where a cutover is and what it waits for',
  description: [
    'Phases with durations, steps under way with their progress, the open gate and how to answer it. Says so when no worker answers, and who polls the task queue; then it shows what Temporal itself knows.',
    'What the databases and RDS tell is added when Temporal cannot tell all of it: it does not answer, knows no such cutover, or the run was terminated or reset. `--from-databases` asks nobody else but the gateways: who may write, how far the cutover came, what is left of it, which gateways are listed and which are members, and what to do.',
    '`--watch` is one screen that is drawn anew on a terminal, with percent and time left where a step tells it, and elsewhere a line for each thing that is new. With `--json` each change is one object in a line of its own; the last one is the result.',
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
    fault: 'why Temporal tells nothing: `code`, `message`',
    databases:
      'what the databases tell, else null: `cutoverId`, `phase`, `writes`, `traces[]`, `next[]`, `isKnown`, `isTouched`, `isCommitted`, `isFinalized` (missing: it is not known to be)',
    'pending[]':
      'steps under way: `name`, `attempt`, `progress`, `percent`, `leftMs` (about; null: not known), `lastFailure`',
  },
  exitCodes: { 0: 'under way, or completed', ...WAITING_EXIT_CODES },
  handlesSignals: false,
  addOptions: (command) => {
    addEnvironmentOptions(command);
    command
      .option('--watch', 'follow it until it ended', false)
      .option('--timeout <time>', 'of --watch: stop waiting after that (90s, 15m, 2h)', parseWait)
      .option('--from-databases', 'ask only the databases and RDS, not Temporal', false);
  },
  run: lazily(() => (require('../temporal/run-status') as typeof statusModule).runStatus),
};
