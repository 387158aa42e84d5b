import { FAULTS, type CutoverFault } from '../domain/faults';
import { note, printJson, type CliContext } from './context';

/**
 * Tells a fault: on stderr as `error CODE: message`, and with `--json` as the result on stdout too.
 *
 * @returns the exit code
 */
export function reportFault(fault: CutoverFault, json: boolean, context: CliContext): number {
  const hint = hintFor(fault);
  note(context, `error ${fault.code}: ${fault.message}\n${hint === undefined ? '' : `${hint}\n`}`);
  if (fault.code === 'INTERNAL')
    context.logger.debug({ code: fault.code, err: fault.cause ?? fault }, 'unexpected error');
  if (json) {
    const { code, message, retryable, details } = fault;
    printJson(context, { ok: false, error: { code, message, retryable, details } });
  }
  return fault.exitCode;
}

/** Messages say what to do next; this adds what follows from the kind of fault alone. */
function hintFor(fault: CutoverFault): string | undefined {
  if (fault.code === 'INTERNAL')
    return 'this is a defect; run it again with --log-level debug for the stack, and report it';
  // It says itself that the run goes on; `start --wait` again would be refused while it does.
  if (fault.code === 'WAIT_TIMEOUT') return 'follow it with `hydra-cutover status --watch`';
  if (FAULTS[fault.code].retryable) return 'the same command may succeed later';
  return undefined;
}
