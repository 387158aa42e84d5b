import { type AroundFenceReceipt, type Report } from '../../domain/receipts';
import { durationText } from './render-status';

/** The report for people: what happened, what it cost, what is left. */
export function renderReport(report: Report): string {
  const { environment, mode, outcome, cause, startedAt, endedAt, startedBy } = report;
  const lines = [
    `${environment} (${mode}): ${outcome}${cause === null ? '' : `, ${cause.code}: ${cause.message}`}`,
    `${startedAt} to ${endedAt}, started by ${startedBy}`,
    ...report.phases.map(
      ({ name, durationMs, predictedMs }) =>
        `  ${name.padEnd(11)} ${durationText(durationMs).padStart(9)}${predictedMs === undefined ? '' : `  predicted ${durationText(predictedMs)}`}`,
    ),
    ...report.decisions.map(({ gate, decision, by, at }) => `  ${at} gate ${gate}: ${decision} by ${by}`),
    ...report.undone.map(
      ({ phase, ok, error }) => `  undo of ${phase}: ${ok ? 'done' : `NOT done, ${error ?? 'no reason'}`}`,
    ),
    ...receiptLines(report),
    ...findingLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a rehearsal is done for. */
function findingLines({ mode, outcome, findings = [] }: Report): string[] {
  if (mode !== 'rehearse' || outcome !== 'rehearsed') return [];
  const blocking = findings.filter(({ weight }) => weight === 'blocks').length;
  const verdict =
    blocking === 0 ? 'a real run would come this far' : `a real run would be refused or end here: ${blocking} reasons`;
  return [
    `${findings.length} findings; ${verdict}`,
    ...findings.map(({ phase, weight, code, what }) => `  ${weight} ${phase} ${code}: ${what}`),
  ];
}

function receiptLines({ clean, migrate, sync, parity, switchovers, drain, validation, bake }: Report): string[] {
  const lines: string[] = [];
  for (const { id, rows, archived } of clean?.rules ?? []) {
    if (rows > 0) lines.push(`  cleaned by ${id}: ${rows} rows, ${archived} archived`);
  }
  for (const { migration, durationMs } of migrate?.slowest ?? [])
    lines.push(`  migration ${migration}: ${durationText(durationMs)}`);
  if (sync !== null)
    lines.push(`  sync: ${sync.rounds} rounds, ${sync.changes} changes, ${sync.rows} rows, ${sync.backlog} left`);
  if (parity !== null) lines.push(`  parity: ${parity.rows} rows, ${parity.differences} differ`);
  for (const receipt of switchovers) {
    lines.push(
      receipt.outcome === 'committed'
        ? `  switchover: committed as epoch ${receipt.epoch}, requests held ${Math.round(receipt.holdMs)} ms, ${receipt.refused ?? 'an unknown number of'} writes refused`
        : `  switchover: given up, ${receipt.reason}`,
    );
    if (receipt.outcome === 'committed' && receipt.aroundFence !== undefined)
      lines.push(fenceLine(receipt.aroundFence));
  }
  if (drain !== null) {
    lines.push(`  revocations: ${drain.captured} captured, ${drain.applied} applied, ${drain.missing} missing`);
    lines.push(...drain.notCarried.map(({ what, count, why }) => `  not carried: ${count} ${what} (${why})`));
  }
  for (const { name, ok, observed } of validation?.checks ?? []) {
    if (!ok) lines.push(`  validation failed: ${name}: ${observed}`);
  }
  if (bake !== null)
    lines.push(
      `  bake: ${bake.requests} requests, error rate ${bake.errorRate}${bake.verdict === 'clean' ? '' : `, ${bake.verdict}: ${bake.problems.join('; ')}`}`,
    );
  return lines;
}

function fenceLine({ problems, tables, rows, openedBy }: AroundFenceReceipt): string {
  const found = problems.join('; ') || 'writes that blue refused, or may have refused';
  return openedBy === null
    ? `  around the fence: ${found}; ${tables.length} tables carried and compared, ${rows} rows changed on green`
    : `  around the fence: ${found}; green was opened without the proof by ${openedBy}: "nothing lost" cannot be claimed`;
}
