import { decisionLine } from '../../domain/evidence/report-page';
import { answerCommand } from '../../domain/evidence/answer-command';
import { durationText } from '../../domain/evidence/words';
import { pageText, wrapped } from '../../domain/page/text';
import { PHASE_TEXTS, type BrakeState, type CutoverStatus } from '../../domain/runbook';
import { isEndedByForce, type Look, type PendingStep } from './look';
import { whyNoWorker } from './workers-seen';

/**
 * A cutover for people: a line per phase, what is under way, what is awaited and how to answer.
 *
 * @param config the file that was named on the command line; the answers name it, too
 * @param width of the terminal in characters; Infinity where there is none
 */
export function renderStatus(look: Look, config: string | undefined, width: number): string {
  const { status } = look;
  const lines = [`${look.workflowId}: ${headline(look)}`, `started ${look.startedAt}${startedBy(status)}`];
  if (status === null) {
    lines.push(`no worker answers: this is only what Temporal itself knows. ${whyNoWorker(look.workers)}`);
    if (look.phase !== null) lines.push(`last phase: ${look.phase}`);
    if (look.awaiting !== null) lines.push(`awaiting: gate ${look.awaiting}`);
  } else {
    for (const { name, durationMs } of status.phases) {
      lines.push(`  ${name.padEnd(11)} ${durationText(durationMs).padStart(9)}  ${PHASE_TEXTS[name]}`);
    }
  }
  lines.push(...look.pending.map(renderPending));
  if (status?.brake != null) lines.push(brakeLine(status.brake));
  if (status !== null) lines.push(...decisionLines(status), ...awaitingLines(status, config, width));
  return `${lines.join('\n')}\n`;
}

function headline({ temporal, status, report, cancelRequested }: Look): string {
  if (report !== null) {
    const { outcome, cause } = report;
    return cause === null ? outcome : `${outcome} (${cause.code}: ${cause.message})`;
  }
  if (isEndedByForce(temporal)) return `${temporal.toLowerCase()}: ended by force, nothing was undone`;
  if (temporal !== 'RUNNING') return temporal.toLowerCase();
  const asked = cancelRequested ? ', cancel requested' : '';
  if (status === null) return `running${asked}`;
  const serves = status.serves ?? (status.committed ? 'committed, green serves' : 'blue serves');
  return `${status.undoing ? 'undoing' : 'running'}, phase ${status.phase}, ${serves}${asked}`;
}

function startedBy(status: CutoverStatus | null): string {
  if (status === null) return '';
  return ` by ${status.startedBy}${status.note === undefined ? '' : ` (${status.note})`}`;
}

function renderPending({ name, attempt, progress, lastFailure }: PendingStep): string {
  const said = progress === null || progress === undefined ? '' : `: ${JSON.stringify(progress)}`;
  const again = attempt > 1 ? `, try ${attempt}` : '';
  const failed = lastFailure === undefined ? '' : ` (before: ${lastFailure})`;
  return `  > ${name}${again}${said}${failed}`;
}

function brakeLine({ paused, rowsPerSecond, by, at, note }: BrakeState): string {
  const rate = rowsPerSecond === null ? '' : `, at most ${rowsPerSecond} rows a second`;
  const why = note === undefined ? '' : ` (${note})`;
  return `  reading of blue: ${paused ? 'paused' : 'on'}${rate}; set by ${by} at ${at}${why}`;
}

function decisionLines({ decisions, ignored }: CutoverStatus): string[] {
  return [
    ...decisions.map((one) => `  ${decisionLine(one)}`),
    ...ignored.map(({ at, why }) => `  ${at} ignored: ${why}`),
  ];
}

function awaitingLines({ awaiting }: CutoverStatus, config: string | undefined, width: number): string[] {
  if (awaiting === null) return [];
  const { gate, question, why, evidence, deadline, decisions } = awaiting;
  const named = config === undefined ? {} : { config: quoted(config) };
  const answers = decisions.map((decision) => answerCommand({ gate, decision, question, by: 'NAME', ...named }));
  const inside = width - INDENT.length;
  return [
    ...wrapped(`waiting for a person: gate ${gate}${deadline === null ? '' : ` until ${deadline}`}`, width),
    ...indented(why.split('\n').flatMap((line) => wrapped(line, inside))),
    '',
    ...indented(pageText(evidence, inside).split('\n')),
    '',
    // Whole, so that they can be copied.
    ...indented(indented(answers)),
  ];
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

const INDENT = '  ';

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `${INDENT}${line}`.trimEnd());
}
