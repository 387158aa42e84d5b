import { CHECK_STATUSES, type CheckReport } from './check';

const SUBJECT_TITLES = { machine: 'this machine', environment: 'the environment' } as const;

/** The report for people: one line per check, the fix below it, and the count at the end. */
export function renderReport(subject: keyof typeof SUBJECT_TITLES, checks: readonly CheckReport[]): string {
  const width = Math.min(40, Math.max(0, ...checks.map((check) => check.title.length)));
  const lines = checks.flatMap((check) => {
    const line = `  ${check.status.padEnd(4)}  ${check.title.padEnd(width)}  ${check.summary}`;
    return check.fix === undefined || check.status === 'ok' ? [line] : [line, `        fix: ${check.fix}`];
  });
  const counts = CHECK_STATUSES.flatMap((status) => {
    const count = checks.filter((check) => check.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  return [`Checks of ${SUBJECT_TITLES[subject]}:`, ...lines, counts.join(', '), ''].join('\n');
}
