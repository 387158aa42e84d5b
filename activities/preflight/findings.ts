import { errorMessage } from '../../domain/error-message';
import { CutoverFault, isCutoverFault } from '../../domain/faults';

/** One thing that keeps a cutover from beginning. No secrets, no row content. */
export interface Problem {
  /** Which object. */
  readonly where: string;
  readonly observed: string;
  readonly allowed?: string;
  readonly fix: string;
}

export function problemText({ where, observed, allowed, fix }: Problem): string {
  return [`${where}: ${observed}`, ...(allowed === undefined ? [] : [`allowed: ${allowed}`]), fix].join('; ');
}

/** Collects what all checks found, so that one run tells everything. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];

  problem(where: string, observed: string, fix: string, allowed?: string): void {
    this.problems.push({ where, observed, fix, allowed });
  }

  warn(where: string, observed: string, fix: string): void {
    this.warnings.push(`${where}: ${observed}; ${fix}`);
  }

  /**
   * Runs one check; what it throws is a problem of its own, and the other checks go on.
   *
   * @throws the reason of `signal` when it is aborted
   */
  async attempt(where: string, signal: AbortSignal, check: () => Promise<void> | void): Promise<void> {
    signal.throwIfAborted();
    try {
      await check();
    } catch (error) {
      signal.throwIfAborted();
      // A message of the server names objects and never shows rows; its detail may, and is left out.
      const said = errorMessage(error);
      const code = isCutoverFault(error) ? ` (${error.code})` : '';
      this.problem(where, `could not be checked: ${said}${code}`, 'fix that and look again');
    }
  }

  /** @throws CutoverFault CHECK_FAILED with every problem, when there is one */
  throwIfAny(): void {
    if (this.problems.length === 0) return;
    const lines = this.problems.map(problemText);
    const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
    throw new CutoverFault(
      'CHECK_FAILED',
      `preflight found ${count}; nothing was changed:\n${lines.map((line) => `- ${line}`).join('\n')}`,
      { problems: lines, warnings: this.warnings },
    );
  }
}
