/** How a check ended. `info`: nothing is wrong, but worth knowing. `warn`: a cutover is possible, with a risk. */
export const CHECK_STATUSES = ['ok', 'info', 'warn', 'fail'] as const;
type CheckStatus = (typeof CHECK_STATUSES)[number];

export interface CheckOutcome {
  readonly status: CheckStatus;
  /** What was found, observed against allowed. No secrets. */
  readonly summary: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** One fact that must hold. It changes nothing, and closes what it opened when `signal` aborts. */
export interface DoctorCheck {
  /** kebab-case, stable: scripts read it. */
  readonly id: string;
  readonly title: string;
  /** @param signal aborts at the deadline of the check */
  readonly run: (signal: AbortSignal) => Promise<CheckOutcome>;
}

export interface CheckReport extends CheckOutcome {
  readonly id: string;
  readonly title: string;
  readonly durationMs: number;
}

export const ok = (summary: string): CheckOutcome => ({ status: 'ok', summary });
export const info = (summary: string): CheckOutcome => ({ status: 'info', summary });
export const warn = (summary: string, fix: string): CheckOutcome => ({ status: 'warn', summary, fix });
export const fail = (summary: string, fix: string): CheckOutcome => ({ status: 'fail', summary, fix });
