import { type Verdict } from './oracle/verdict';
import { type OperationRow } from './recording/recorder';
import { type TrafficReport } from './report';

const ROWS_SHOWN = 12;

/** What a run of the traffic showed, for people. */
export function renderTrafficSummary(report: TrafficReport): string {
  const { traffic, generator } = report;
  const { longestGap, pauses } = traffic;
  const requests = traffic.requests.toLocaleString('en-US');
  return [
    `Traffic: ${requests} requests in ${seconds(report.durationMs)} = ${report.requestsPerSecond}/s (wanted ${report.ratePerSecondWanted}/s), ${report.writesPerSecond} confirmed writes/s, ${report.actors} actors, seed ${report.seed}`,
    'Hydra of the world hashes secrets with bcrypt cost 8; the default of 10 would take about four times as long.',
    '',
    ...table(traffic.operations.slice(0, ROWS_SHOWN), 'operation (from its scheduled time)'),
    ...more(traffic.operations.length - ROWS_SHOWN),
    '',
    ...table(traffic.requestsByOperation.slice(0, ROWS_SHOWN), 'request'),
    ...more(traffic.requestsByOperation.length - ROWS_SHOWN),
    '',
    `Failed operations: ${traffic.failedOperations}${traffic.restarts > 0 ? `; logins begun anew: ${traffic.restarts}` : ''}`,
    ...failureLines(report),
    `Longest time without a good answer while somebody waited: ${longestGap.durationMs} ms`,
    `Pauses (somebody waited ${pauses.thresholdMs} ms or more): ${pauses.windows.count}, p50 ${pauses.windows.p50Ms} ms, p99 ${pauses.windows.p99Ms} ms, longest ${pauses.windows.maxMs} ms`,
    `Generator: ${generator.cpuPercent} % of one core, started operations late by p99 ${generator.scheduleLateness.p99Ms} ms, max ${generator.scheduleLateness.maxMs} ms${generator.late ? ' - LATE: the latencies above are partly its own' : ''}${backlog(generator.waiting + generator.unstarted)}${generator.defects > 0 ? `; ${generator.defects} operations ended with a defect, see the log` : ''}`,
    '',
    ...verdictLines(report),
  ].join('\n');
}

function table(rows: readonly OperationRow[], title: string): string[] {
  const width = Math.max(title.length, ...rows.map((row) => row.operation.length));
  const cell = (value: number | string, size = 9): string => String(value).padStart(size);
  const head = `${title.padEnd(width)}${['count', 'failed', 'p50 ms', 'p99 ms', 'max ms'].map((name) => cell(name)).join('')}`;
  return [
    head,
    ...rows.map((row) => {
      const numbers = [row.count, row.refused + row.lost, row.p50Ms, row.p99Ms, row.maxMs].map((value) => cell(value));
      return `${row.operation.padEnd(width)}${numbers.join('')}`;
    }),
  ];
}

function more(count: number): string[] {
  return count > 0 ? [`... and ${count} more in the report`] : [];
}

function backlog(count: number): string {
  return count > 0 ? `; ${count} operations found no free actor in time: the server is slower than the rate` : '';
}

/** What failed, and how often. */
export function failureLines({ traffic }: Pick<TrafficReport, 'traffic'>): string[] {
  const counts = new Map<string, number>();
  for (const { operation, outcome, reason } of traffic.failures) {
    const line = `${operation} ${outcome}: ${reason}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `  ${line} (${count} of the first ${traffic.failures.length})`);
}

function verdictLines({ verdict, witnessed, promises }: TrafficReport): string[] {
  const seen = witnessed.map((finding) => `  ${finding.name} ${finding.id} at ${finding.observedAt}`);
  const alone = seen.length > 0 ? ['Broken promises that the traffic met:', ...seen] : [];
  if (verdict === undefined) return [`Promises: ${promises}, not checked`, ...alone];
  return [
    `Promises: ${promises}. Oracle: ${verdict.checked} checked in ${seconds(verdict.durationMs)}, ${verdict.clean ? 'all kept' : 'NOT ALL KEPT'}`,
    `  confirmed but lost ${verdict.confirmedButLost}, revoked but active ${verdict.revokedButActive}, active but refused ${verdict.activeButRefused}, changed ${verdict.changed}, unstable ${verdict.unstable}`,
    `  answers lost on the way: ${verdict.pinned} settled now, ${verdict.undecided} too early to say; not observable ${verdict.unobserved}; absent once, present again ${verdict.flapped}`,
    ...findingLines(verdict),
  ];
}

function findingLines(verdict: Verdict): string[] {
  const names = Object.entries(verdict.findingsByName).map(([name, count]) => `  ${name}: ${count}`);
  const samples = verdict.samples.map(
    ({ name, id, cause, promisedAt, observedAt }) =>
      `    ${name} ${id} after ${cause} at ${promisedAt}, seen ${observedAt}`,
  );
  return [...names, ...samples];
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
