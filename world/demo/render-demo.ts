import { type HydraMetrics } from '../../domain/ports/hydra-api';
import { type DemoReport, type InPlaceSummary } from './demo-report';
import { type InPlaceDemoReport } from './run-in-place';

/** The end of the demo, for people. */
export function renderDemo(report: DemoReport): string {
  const { traffic, oracle, ledger, parity, switchover } = report;
  return [
    ...(report.inPlace === undefined ? [] : inPlaceSections(report.inPlace, 'In place: ')),
    phasesSection(report.phases),
    section('Switchover', [
      `attempts ${switchover.attempts}, requests held for ${switchover.holdMs} ms, writes that met a guard ${switchover.refusedWrites ?? 'unknown'}`,
      Object.entries(switchover.stepsMs)
        .map(([name, ms]) => `${name} ${ms} ms`)
        .join(', '),
      `targets: ${report.targets.map(({ name, epoch }) => `${name} on epoch ${epoch}`).join(', ')}`,
      `approvals: ${report.approvals.map(({ gate, decision, by }) => `${gate} ${decision} by ${by}`).join(', ')}`,
    ]),
    section('What clients saw', [
      `${number(traffic.requests)} requests at ${traffic.requestsPerSecond}/s, ${traffic.writesPerSecond} confirmed writes/s; failed: ${traffic.failedRequests}`,
      `pause at the switchover: p50 ${traffic.pauseMs.p50} ms, p99 ${traffic.pauseMs.p99} ms, longest ${traffic.pauseMs.longest} ms over ${traffic.pauseMs.requests} requests (budget ${traffic.pauseBudgetMs} ms)`,
      `made during the run: ${traffic.grants} grants, ${traffic.rotations} rotations, ${traffic.revocations} revocations; logins begun anew: ${traffic.loginsBegunAnew}`,
      `oracle: ${oracle.checked} promises checked; lost ${oracle.confirmedButLost}, revived ${oracle.revokedButActive}, refused ${oracle.activeButRefused}, changed ${oracle.changed}, unstable ${oracle.unstable}, not observed ${oracle.unobserved}`,
    ]),
    section('What was carried', [
      `revocations captured ${ledger.captured}, applied ${ledger.applied}, missing ${ledger.missing}${kinds(ledger.byKind)}`,
      `parity: ${number(parity.rows)} rows compared, ${parity.differences} differences`,
      ...report.notCarried.map(({ what, count, why }) => `not carried: ${count} ${what} (${why})`),
      ...report.cleaning
        .filter(({ rows }) => rows > 0)
        .map(({ id, rows, archived }) => `rule ${id}: ${rows} rows cleaned, ${archived} archived`),
    ]),
    section('Hydra', hydraTable(report.hydra)),
    ...verdict(report),
  ].join('\n');
}

/** The end of the demo of an upgrade in place alone. */
export function renderInPlaceDemo(report: InPlaceDemoReport): string {
  const { traffic } = report;
  return [
    ...inPlaceSections(report),
    section('What clients saw', [
      `${number(traffic.requests)} requests at ${traffic.requestsPerSecond}/s; failed: ${traffic.failedRequests}`,
    ]),
    ...verdict(report),
  ].join('\n');
}

function inPlaceSections({ phases, shares }: InPlaceSummary, which = ''): string[] {
  return [
    phasesSection(phases, which),
    section(
      `${which}shares of the new version`,
      shares.map(
        ({ share, verdict: its, requests, serverErrors, problems }) =>
          `${String(share).padStart(3)} %  ${its}: ${requests} requests, ${serverErrors} server errors${problems.length === 0 ? '' : `; ${problems.join('; ')}`}`,
      ),
    ),
  ];
}

function phasesSection(phases: DemoReport['phases'], which = ''): string {
  return section(`${which}phases`, table(phases.map(({ name, durationMs }) => [name, seconds(durationMs)])));
}

function verdict({ checks, outcome }: Pick<DemoReport, 'checks' | 'outcome'>): string[] {
  return [
    section(
      'Checks',
      checks.map(({ claim, held, observed }) => `${held ? 'ok  ' : 'FAIL'}  ${claim}: ${observed}`),
    ),
    '',
    `${checks.filter(({ held }) => held).length} of ${checks.length} checks held; outcome ${outcome}`,
    '',
  ];
}

function hydraTable({ before, after }: DemoReport['hydra']): string[] {
  const rows: readonly (readonly [string, (metrics: HydraMetrics) => string])[] = [
    ['p95', (m) => (m.p95Ms === null ? 'unknown' : `${m.p95Ms.toFixed(1)} ms`)],
    ['RSS', (m) => mebibytes(m.residentBytes)],
    ['heap', (m) => mebibytes(m.heapBytes)],
    ['goroutines', (m) => String(m.goroutines)],
    ['CPU', (m) => `${m.cpuSeconds.toFixed(1)} s`],
  ];
  const cell = (metrics: HydraMetrics | null, show: (metrics: HydraMetrics) => string) =>
    metrics === null ? 'unknown' : show(metrics);
  return table([
    ['', 'before (blue)', 'after (green)'],
    ...rows.map(([name, show]) => [name, cell(before, show), cell(after, show)]),
  ]);
}

function section(title: string, lines: readonly string[]): string {
  return `\n${title.charAt(0).toUpperCase()}${title.slice(1)}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function kinds(byKind: Readonly<Record<string, number>>): string {
  const list = Object.entries(byKind).map(([kind, count]) => `${kind} ${count}`);
  return list.length === 0 ? '' : ` (${list.join(', ')})`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1).padStart(6)} s`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
