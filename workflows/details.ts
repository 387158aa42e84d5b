import { answerCommand } from '../domain/evidence/answer-command';
import { decisionLine, reportPage } from '../domain/evidence/report-page';
import { markdownList, markdownTable, pageMarkdown } from '../domain/page/markdown';
import { type Page } from '../domain/page/page';
import { PHASE_TEXTS, type CutoverStatus, type Decision, type Gate } from '../domain/runbook';
import { type Cause } from './failures';

/**
 * The Markdown that the Temporal UI shows as Current Details. It draws tables and no HTML.
 *
 * @param gateDetails of the open gate, see {@link renderGate}
 */
export function renderDetails(status: CutoverStatus, undoing: Cause | null, gateDetails: string): string {
  const { environment, phase, report, committed } = status;
  if (report !== null) return [`## ${environment}: ${report.outcome}`, pageMarkdown(reportPage(report))].join('\n\n');
  const direction = undoing === null ? '' : ' (going back)';
  const state =
    status.serves ??
    (committed
      ? phase === 'switchover'
        ? 'Committed: there is no way back, and green serves once this phase is done.'
        : 'Committed: green serves, and there is no way back.'
      : phase === 'switchover'
        ? 'The switchover is under way: `hydra-cutover status` says whether it is committed.'
        : 'Not committed: blue serves, and everything can be undone.');
  const parts = [
    `## ${environment}: ${phase}${direction}`,
    `${PHASE_TEXTS[phase]}. ${state}`,
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
  readonly evidence: Page;
  readonly decisions: readonly Decision[];
  readonly deadline: string | null;
  /** What happens then. */
  readonly ifNobody: string;
}

const CODE = '```';

/** What is asked, the evidence, how to answer, and what happens if nobody does. */
export function renderGate(text: GateText): string {
  const { gate, question, notBy, approvers, decisions, deadline, ifNobody } = text;
  const answers = decisions.map((decision) => {
    // In short lines, because Temporal's column is narrow and code in it does not wrap.
    const json = JSON.stringify({ gate, decision, by: 'YOUR NAME', note: 'why', question }, undefined, 2);
    const line = answerCommand({ gate, decision, question, config: 'FILE', by: '"YOUR NAME"' });
    const command = line.replaceAll(' --', ' \\\n  --');
    return `\`${decision}\`\n\n${CODE}json\n${json}\n${CODE}\n\n${CODE}sh\n${command}\n${CODE}`;
  });
  return [
    `### Waiting for a person: gate \`${gate}\``,
    text.why,
    pageMarkdown(text.evidence),
    notBy === null
      ? ''
      : `Another person than ${plain(notBy)}, who started this, must decide. Both names are claims: Temporal tells a workflow nothing about who sends a message.`,
    approvers.length === 0 ? '' : `May decide, as they claim: ${approvers.map(plain).join(', ')}.`,
    '#### How to answer',
    'Here: More Actions, Send an Update, `decide`, with the JSON of a decision; or its line in a shell. The gate moved only if this page says so (key `r`); a message of success alone proves nothing.',
    ...answers,
    `If nobody decides${deadline === null ? '' : ` by ${deadline}`}: ${ifNobody}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Names from outside stand in a sentence. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function phaseTable({ phases, decisions, ignored }: CutoverStatus): string {
  const rows = phases.map(({ name, durationMs }) => [
    name,
    PHASE_TEXTS[name],
    durationMs === null ? 'now' : `${(durationMs / 1_000).toFixed(1)} s`,
  ]);
  const parts = [markdownTable(['phase', 'what', 'took'], rows)];
  if (decisions.length > 0) {
    parts.push(markdownList(decisions.map(decisionLine)));
  }
  if (ignored.length > 0) parts.push(markdownList(ignored.map(({ at, why }) => `ignored a message of ${at}: ${why}`)));
  return parts.join('\n\n');
}

function causeLine(cause: Cause | null): string {
  return cause === null ? '' : `Cause: ${cause.code}: ${cause.message}`;
}
