import { CutoverFault } from '../domain/faults';

/** What went wrong with stdout, for the end of the run. */
export interface OutputGuard {
  readonly failure: () => CutoverFault | undefined;
}

/**
 * Keeps a reader that went away (`hydra-cutover doctor | head -1`) from ending the process with a stack trace. Any other
 * failure of stdout is remembered, because a result that was not written must not end with exit code 0.
 */
export function guardOutput(stdout: NodeJS.WritableStream, stderr: NodeJS.WritableStream): OutputGuard {
  let failure: CutoverFault | undefined;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    const code = error.code === 'ENOSPC' ? 'DISK_FULL' : 'INTERNAL';
    failure ??= new CutoverFault(
      code,
      `the result could not be written to stdout (${error.code ?? error.message})`,
      {},
      error,
    );
  });
  // Nobody is left to be told about stderr.
  stderr.on('error', () => undefined);
  return { failure: () => failure };
}
