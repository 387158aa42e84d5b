import { type Report } from '../../domain/receipts';
import { durationText } from './render-status';

/** The report for people: what happened, what it cost, what is left. */
export function renderReport(report: Report): string {
  const { environment, mode, outcome, cause, startedAt, endedAt, startedBy } = report;
  const lines = [
    `${environment} (${mode}): ${outcome}${cause === null ? '' : `, ${cause.code}: ${cause.message}`}`,
    `${startedAt} to ${endedAt}, started by ${startedBy}`,
    ...report.phases.map(({ name, durationMs }) => `  ${name.padEnd(11)} ${durationText(durationMs).padStart(9)}`),
    ...report.decisions.map(({ gate, decision, by, at }) => `  ${at} gate ${gate}: ${decision} by ${by}`),
    ...report.undone.map(
      ({ phase, ok, error }) => `  undo of ${phase}: ${ok ? 'done' : `NOT done, ${error ?? 'no reason'}`}`,
    ),
    ...receiptLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

function receiptLines({ clean, sync, parity, switchovers, drain, validation, bake }: Report): string[] {
  const lines: string[] = [];
  for (const { id, rows, archived } of clean?.rules ?? []) {
    if (rows > 0) lines.push(`  cleaned by ${id}: ${rows} rows, ${archived} archived`);
  }
  if (sync !== null)
    lines.push(`  sync: ${sync.rounds} rounds, ${sync.changes} changes, ${sync.rows} rows, ${sync.backlog} left`);
  if (parity !== null) lines.push(`  parity: ${parity.rows} rows, ${parity.differences} differ`);
  for (const receipt of switchovers) {
    lines.push(
      receipt.outcome === 'committed'
        ? `  switchover: committed as epoch ${receipt.epoch}, requests held ${Math.round(receipt.holdMs)} ms, ${receipt.refused} writes refused`
        : `  switchover: given up, ${receipt.reason}`,
    );
  }
  if (drain !== null) {
    lines.push(`  revocations: ${drain.captured} captured, ${drain.applied} applied, ${drain.missing} missing`);
    lines.push(...drain.notCarried.map(({ what, count, why }) => `  not carried: ${count} ${what} (${why})`));
  }
  for (const { name, ok, observed } of validation?.checks ?? []) {
    if (!ok) lines.push(`  validation failed: ${name}: ${observed}`);
  }
  if (bake !== null)
    lines.push(`  bake: ${bake.requests} requests, error rate ${bake.errorRate}${bake.ok ? '' : ', NOT clean'}`);
  return lines;
}
