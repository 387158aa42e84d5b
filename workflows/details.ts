import { PHASES, type CutoverStatus, type Decision, type Gate } from '../domain/runbook';
import { type Cause } from './failures';

/**
 * The Markdown that the Temporal UI shows as Current Details. It draws tables and no HTML.
 *
 * @param gateDetails of the open gate, see {@link renderGate}
 */
export function renderDetails(status: CutoverStatus, undoing: Cause | null, gateDetails: string): string {
  const { environment, phase, report, committed } = status;
  if (report !== null) return [`## ${environment}: ${report.outcome}`, causeLine(report.cause)].join('\n\n').trim();
  const direction = undoing === null ? '' : ' (going back)';
  const state = committed
    ? 'Committed: green serves, and there is no way back.'
    : 'Not committed: blue serves, and everything can be undone.';
  const parts = [
    `## ${environment}: ${phase}${direction}`,
    `${PHASES[phase]}. ${state}`,
    causeLine(undoing),
    gateDetails,
  ];
  return [...parts.filter((part) => part !== ''), phaseTable(status)].join('\n\n');
}

export interface GateText {
  readonly gate: Gate;
  /** Goes back with the answer, so that it can only meet this question. */
  readonly question: string;
  /** Who may not decide; null: anybody may. */
  readonly notBy: string | null;
  /** Who alone may decide; empty: anybody. */
  readonly approvers: readonly string[];
  readonly why: string;
  /** Markdown. */
  readonly evidence: string;
  readonly decisions: readonly Decision[];
  readonly deadline: string | null;
  /** What happens then. */
  readonly ifNobody: string;
}

/** What is asked, the evidence, how to answer, and what happens if nobody does. */
export function renderGate(text: GateText): string {
  const { gate, question, notBy, approvers, decisions, deadline, ifNobody } = text;
  const answers = decisions.map((decision) => {
    const json = JSON.stringify({ gate, decision, by: 'YOUR NAME', note: 'why', question });
    return [decision, `\`${json}\``, `\`${commandLine(gate, decision, question)}\``];
  });
  return [
    `### Waiting for a person: gate \`${gate}\``,
    text.why,
    text.evidence,
    notBy === null
      ? ''
      : `Another person than ${cell(notBy)}, who started this, must decide. Both names are claims: Temporal tells a workflow nothing about who sends a message.`,
    approvers.length === 0 ? '' : `May decide, as they claim: ${approvers.map(cell).join(', ')}.`,
    '#### How to answer',
    'Here: More Actions, Send an Update, `decide`, with the JSON below. The gate moved only if this page says so (key `r`); a message of success alone proves nothing.',
    table(['decision', 'JSON for Update `decide` or Signal `decideSignal`', 'or on the command line'], answers),
    `If nobody decides${deadline === null ? '' : ` by ${deadline}`}: ${ifNobody}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Which command line sends this decision. */
export function commandLine(gate: Gate, decision: Decision, question: string): string {
  const verb = decision === 'reject' ? 'reject' : 'approve';
  const extra = gate === 'intervene' ? ` --decision ${decision}` : '';
  const reason = decision === 'skip' || decision === 'give_up' ? ' --note "why"' : '';
  return `hydra-cutover ${verb} --config FILE --gate ${gate}${extra} --question ${question} --by "YOUR NAME"${reason}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text from outside (notes, names) must not break out of its cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}

function phaseTable({ phases, decisions, ignored }: CutoverStatus): string {
  const rows = phases.map(({ name, durationMs }) => [
    name,
    PHASES[name],
    durationMs === null ? 'now' : `${(durationMs / 1_000).toFixed(1)} s`,
  ]);
  const parts = [table(['phase', 'what', 'took'], rows)];
  if (decisions.length > 0) {
    const lines = decisions.map(({ gate, decision, by, at, note }) => [gate, decision, by, at, note ?? '']);
    parts.push(table(['gate', 'decision', 'by', 'at', 'note'], lines));
  }
  if (ignored.length > 0)
    parts.push(
      table(
        ['ignored message', 'why'],
        ignored.map(({ at, why }) => [at, why]),
      ),
    );
  return parts.join('\n\n');
}

function causeLine(cause: Cause | null): string {
  return cause === null ? '' : `Cause: ${cause.code}: ${cause.message}`;
}
