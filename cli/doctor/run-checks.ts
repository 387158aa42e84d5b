import { errorMessage } from '../../domain/error-message';
import { type CheckOutcome, type CheckReport, type DoctorCheck } from './check';

/**
 * Runs all checks side by side and reports them in the order they were given. A check that throws or does not end within
 * `timeoutMs` has failed; it never keeps the others from being reported.
 */
export async function runChecks(checks: readonly DoctorCheck[], timeoutMs: number): Promise<readonly CheckReport[]> {
  return Promise.all(checks.map((check) => runCheck(check, timeoutMs)));
}

async function runCheck(check: DoctorCheck, timeoutMs: number): Promise<CheckReport> {
  const startedAt = performance.now();
  const controller = new AbortController();
  const outcome = await Promise.race([attempt(check, controller.signal), deadline(timeoutMs, controller)]);
  controller.abort();
  return { id: check.id, title: check.title, ...outcome, durationMs: Math.round(performance.now() - startedAt) };
}

async function attempt(check: DoctorCheck, signal: AbortSignal): Promise<CheckOutcome> {
  try {
    return await check.run(signal);
  } catch (error) {
    return {
      status: 'fail',
      summary: `the check itself failed: ${errorMessage(error)}`,
      fix: 'run it again with --log-level debug; if it stays, report it',
    };
  }
}

/** Ends with a failure when time is up, and gives its timer back when the check was faster. */
function deadline(timeoutMs: number, controller: AbortController): Promise<CheckOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({
        status: 'fail',
        summary: `no answer within ${timeoutMs} ms`,
        fix: 'check the address and the network between here and there, or raise checks.timeoutMs',
      });
      controller.abort();
    }, timeoutMs);
    controller.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
