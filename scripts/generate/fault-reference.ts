import { FAULTS, type FaultCode } from '../../domain/faults';
import { code, GENERATED_NOTE, table } from './markdown';

const INTRODUCTION = `# Fault reference

${GENERATED_NOTE}

Everything that can go wrong has one of these codes. The CLI prints \`error CODE: message\` and ends with the exit code; the message
says what happened, to which object, and what to do next. Codes are stable, messages are not: scripts decide by code.
*Retryable*: the same call may succeed later without anybody's help.`;

export function renderFaultReference(): string {
  const rows = (Object.keys(FAULTS) as FaultCode[]).map((name) => {
    const { exitCode, retryable, meaning } = FAULTS[name];
    return [code(name), String(exitCode), retryable ? 'yes' : 'no', meaning];
  });
  return `${INTRODUCTION}\n\n${table(['code', 'exit', 'retryable', 'meaning'], rows)}\n`;
}
