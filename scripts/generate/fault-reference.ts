import { exitCodeOf } from '../../cli/temporal/exit-code';
import { FAULTS, type FaultCode } from '../../domain/faults';
import { OUTCOMES } from '../../domain/runbook';
import { code, GENERATED_NOTE, table } from './markdown';

const PERSON = FAULTS.PERSON_NEEDED.exitCode;

const INTRODUCTION = `# Fault reference

${GENERATED_NOTE}

Everything that can go wrong has one of these codes. A command that meets one prints \`error CODE: message\` and ends with the exit code
here; the message says what happened, to which object, and what to do next. Codes are stable, messages are not: scripts decide by code.
*Retryable*: the same call may succeed later without anybody's help.

In a run a fault is a cause and no end: whichever it is, \`start --wait\`, \`status\` and \`report\` end with the code of what became of the
run. While it waits for a person, that is ${PERSON}, and so it is where an undo was skipped or given up.`;

/** What a run that ended so makes a command end with; `rolled_back` is for a way back that there is not yet. */
const ENDS = OUTCOMES.filter((outcome) => outcome !== 'rolled_back').map((outcome) => [
  code(outcome),
  String(exitCodeOf({ outcome, undone: [] })),
]);

export function renderFaultReference(): string {
  const rows = (Object.keys(FAULTS) as FaultCode[]).map((name) => {
    const { exitCode, retryable, meaning } = FAULTS[name];
    return [code(name), String(exitCode), retryable ? 'yes' : 'no', meaning];
  });
  return `${INTRODUCTION}\n\n${table(['a run that is', 'exit'], ENDS)}\n\n${table(['code', 'exit of a command', 'retryable', 'meaning'], rows)}\n`;
}
